using System.Net;
using System.Net.Sockets;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>One network namespace of its own name; gone after the test, with every process that was started in it.</summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    private const string Prefix = "sct-";
    private const string Folder = "/run/netns";

    private static readonly Lazy<Task> Sweep = new(SweepAsync);
    private static int _count;

    private readonly NamespaceThread _thread;

    private NetworkNamespace(string name)
    {
        Name = name;
        _thread = new NamespaceThread($"{Folder}/{name}");
    }

    /// <summary><c>sct-PID-N-ROLE</c>; the PID is this test process'.</summary>
    public string Name { get; }

    /// <summary>Makes an empty namespace with its loopback up.</summary>
    /// <param name="role">The end of its name: pod, peer.</param>
    public static async Task<NetworkNamespace> CreateAsync(string role)
    {
        await Sweep.Value;
        var name = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _count)}-{role}";
        await Command.RunAsync($"ip netns add {name}");
        await Command.RunAsync($"ip -n {name} link set lo up");
        return new NetworkNamespace(name);
    }

    /// <summary>A TCP socket of this namespace.</summary>
    public Socket CreateSocket(AddressFamily family) =>
        _thread.Run(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    /// <summary>A connection from this namespace.</summary>
    public async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        var socket = CreateSocket(to.AddressFamily);
        try
        {
            await Patience.Await(socket.ConnectAsync(to), $"{Name} connects to {to}");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket that listens in this namespace on every address of both families.</summary>
    /// <param name="port">0: the kernel chooses.</param>
    /// <param name="backlog">Length of the accept queue.</param>
    public Socket Listen(int port = 0, int backlog = 512)
    {
        var socket = CreateSocket(AddressFamily.InterNetworkV6);
        socket.DualMode = true;
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
        socket.Listen(backlog);
        return socket;
    }

    /// <summary>An HTTP client whose connections start here, whatever the name in the URI, at its port unless it is an address.</summary>
    public HttpMessageInvoker CreateHttpClient(IPAddress? to = null) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectCallback = async (context, cancellation) =>
        {
            var address = to ?? IPAddress.Parse(context.DnsEndPoint.Host);
            var socket = CreateSocket(address.AddressFamily);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    });

    /// <summary>Runs a command inside, arguments separated by spaces, to its successful end.</summary>
    public Task<CommandResult> RunAsync(string commandLine) => Command.RunAsync($"ip netns exec {Name} {commandLine}");

    /// <summary>Runs a command inside to its end, whatever that is.</summary>
    public Task<CommandResult> TryAsync(params string[] commandLine) => Command.TryAsync(["ip", "netns", "exec", Name, .. commandLine]);

    /// <summary>Loads an nftables script inside.</summary>
    public async Task LoadRulesAsync(string script)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, script);
            await RunAsync($"nft -f {file}");
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>TCP connections opened and accepted in this namespace since it exists (RFC 4022's ActiveOpens, PassiveOpens).</summary>
    public TcpOpens CountOpens()
    {
        // The file shows the namespace of the thread that opens it, so "self" must be that thread.
        var lines = _thread.Run(() => File.ReadAllLines("/proc/thread-self/net/snmp")).Where(line => line.StartsWith("Tcp:", StringComparison.Ordinal)).ToArray();
        var names = lines[0].Split(' ');
        var values = lines[1].Split(' ');
        return new TcpOpens(ValueOf("ActiveOpens"), ValueOf("PassiveOpens"));

        long ValueOf(string name) => long.Parse(values[Array.IndexOf(names, name)], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _thread.Dispose();
        await DeleteAsync(Name);
    }

    // What a killed test run left behind: namespaces whose number names a process that is gone.
    private static async Task SweepAsync()
    {
        if (!Directory.Exists(Folder))
        {
            return;
        }

        foreach (var name in Directory.GetFiles(Folder).Select(file => Path.GetFileName(file)).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (!Directory.Exists("/proc/" + name.Split('-')[1]))
            {
                await DeleteAsync(name);
            }
        }
    }

    private static async Task DeleteAsync(string name)
    {
        foreach (var process in (await Command.TryAsync(["ip", "netns", "pids", name])).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            await Command.TryAsync(["kill", "-KILL", process]);
        }

        await Command.TryAsync(["ip", "netns", "delete", name]);
    }
}

/// <summary>Connections of a namespace: dialled and accepted.</summary>
internal readonly record struct TcpOpens(long Active, long Passive)
{
    /// <summary>What was added since.</summary>
    public static TcpOpens operator -(TcpOpens later, TcpOpens earlier) => new(later.Active - earlier.Active, later.Passive - earlier.Passive);
}
