using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Tests.Telemetry;
using Sidecar.Proxy.Tests.Upstream;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Interception;

/// <summary>
/// A listener on a loopback port whose connections claim to have been dialled to <see cref="Server"/>. Only the kernel's
/// redirection is missing: it is the function that says where a socket was dialled to.
/// </summary>
internal sealed class SorterRig : IAsyncDisposable
{
    public static readonly TimeSpan Detection = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<Socket> _accepted = [];

    public SorterRig(ListenerKind kind = ListenerKind.Outbound, bool isRedirected = true, int connectionLimit = 100, Func<int, InterceptionConfiguration>? settings = null)
    {
        var current = settings?.Invoke(Server.Port) ?? new InterceptionConfiguration(Detection, [], []);
        Original = isRedirected ? new IPEndPoint(IPAddress.Loopback, Server.Port) : null;
        ServerFirst = new ServerFirstPorts(Time);
        var sorter = new ConnectionSorter(
            kind,
            socket =>
            {
                _accepted.Enqueue(socket);
                return Original;
            },
            new LoopGuard(new LocalAddresses(Time, () => []), (_, _) => false, () => []),
            Forwarder,
            ProxyServices.Connections(),
            ServerFirst,
            () => current,
            connectionLimit,
            Counters,
            Telemetry.Telemetry,
            Time);
        Listener = new InterceptionListener(new IPEndPoint(IPAddress.Loopback, 0), 16, sorter, Time);
    }

    public ManualTimeProvider Time { get; } = new();

    public TelemetryRig Telemetry { get; } = new();

    public TrafficCounters Counters { get; } = new();

    public RawServer Server { get; } = new();

    public ScriptedForwarder Forwarder { get; } = new();

    public ServerFirstPorts ServerFirst { get; }

    public InterceptionListener Listener { get; }

    public IPEndPoint? Original { get; }

    public RawClient Connect() => RawClient.Connect((IPEndPoint)Listener.EndPoint);

    /// <summary>A client that says nothing, until its upstream was dialled.</summary>
    public async Task<(RawClient Client, RawConnection Upstream)> ConnectSilentlyAsync()
    {
        var client = Connect();
        await ElapseDetectionAsync();
        var upstream = await Server.AcceptOneAsync();

        // Accepted is not yet connected: until the dial is over, what the server does would be the dial's.
        await Patience.Eventually(() => Task.FromResult(Forwarder.Open == 1), "the upstream is dialled");
        return (client, upstream);
    }

    /// <summary>The detection time passes without a word of the client.</summary>
    public async Task ElapseDetectionAsync()
    {
        await Patience.Await(Time.WaitForTimersAsync(1), "the detection time begins");
        Time.Advance(Detection);
    }

    /// <summary>Waits until so many bytes lie unread in the kernel for the connection that was accepted last.</summary>
    public Task ArrivedAsync(int bytes) => Patience.Eventually(
        () => Task.FromResult(!_accepted.IsEmpty && _accepted.Last().Available == bytes), $"{bytes} bytes arrive");

    /// <summary>The next connection that is given to the HTTP server, with what it can read.</summary>
    public async Task<(ConnectionContext Connection, string Bytes)> AcceptHttpAsync(int bytes)
    {
        var connection = await Patience.Await(Listener.AcceptAsync().AsTask(), "HTTP is handed over");
        var read = await Patience.Await(connection!.Transport.Input.ReadAtLeastAsync(bytes).AsTask(), "the bytes are there");
        var text = Encoding.Latin1.GetString(read.Buffer.ToArray());
        connection.Transport.Input.AdvanceTo(read.Buffer.End);
        return (connection, text);
    }

    /// <summary>What the server above does when it is done with a connection.</summary>
    public async Task EndHttpAsync(ConnectionContext connection)
    {
        await connection.DisposeAsync();
        Counters.ConnectionClosed(new ListenerFeature(connection.Features.Get<ListenerFeature>()!.Kind).Direction);
    }

    /// <summary>Nothing may be left: whatever happened, counts return to zero.</summary>
    public async Task AssertNothingOpenAsync()
    {
        await Patience.Eventually(() => Task.FromResult(Counters.Connections == 0), "no connection is open");
        Assert.Equal(0, Counters.Opaque);
        Assert.Equal(0, Forwarder.Open);
    }

    public double Detected(string outcome) =>
        Telemetry.Scrape().Sum("sidecar_detection_total", sample => sample.Label("outcome") == outcome);

    public double Refused(string flag) => Telemetry.Scrape().Sum("sidecar_refused_total", sample => sample.Label("flag") == flag);

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        Server.Dispose();
        Telemetry.Dispose();
    }
}

/// <summary>Dials where the application dialled, and remembers what it was asked to do.</summary>
internal sealed class ScriptedForwarder : IOpaqueForwarder
{
    private readonly Channel<(string Outcome, string? ServerName)> _carried = Channel.CreateUnbounded<(string, string?)>();
    private int _dialled, _abandoned, _open;

    public int Dialled => Volatile.Read(ref _dialled);

    public int Abandoned => Volatile.Read(ref _abandoned);

    /// <summary>Upstream connections that nobody has closed yet.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Makes dials fail.</summary>
    public bool Refuses { get; set; }

    /// <summary>Where connections go whose client said this server name.</summary>
    public string? OwnRouteOf { get; set; }

    /// <summary>Runs with a connected socket, before it is known to anybody.</summary>
    public Func<Socket, Task> BeforeDialled { get; set; } = static _ => Task.CompletedTask;

    public async Task<(string Outcome, string? ServerName)> CarriedAsync() =>
        await Patience.Await(_carried.Reader.ReadAsync().AsTask(), "a connection is carried");

    public bool HasCarried => _carried.Reader.Count > 0;

    public async ValueTask<IOpaqueUpstream?> DialAsync(InterceptedConnection connection, ClientHello? hello, CancellationToken stopping)
    {
        Interlocked.Increment(ref _dialled);
        if (Refuses)
        {
            connection.Reset();
            return null;
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(connection.Original, stopping);
        await BeforeDialled(socket);
        Interlocked.Increment(ref _open);
        return new Upstream(this, socket, hello?.ServerName);
    }

    public bool NeedsAnother(IOpaqueUpstream upstream, InterceptedConnection connection, ClientHello? hello) =>
        OwnRouteOf is not null && hello?.ServerName == OwnRouteOf && ((Upstream)upstream).Name != OwnRouteOf;

    public void MirrorReset(InterceptedConnection connection, IOpaqueUpstream upstream)
    {
        connection.Reset();
        upstream.Socket.Dispose();
        Interlocked.Decrement(ref _open);
    }

    public async Task CarryAsync(
        InterceptedConnection connection, IOpaqueUpstream upstream, string protocol, ClientHello? hello, CancellationToken stopping)
    {
        _carried.Writer.TryWrite((protocol, hello?.ServerName));
        await TcpCopy.RunAsync(connection.Socket, upstream.Socket, TimeProvider.System, stopping);
        Interlocked.Decrement(ref _open);
    }

    private sealed class Upstream(ScriptedForwarder owner, Socket socket, string? name) : IOpaqueUpstream
    {
        public string? Name { get; } = name;

        public Socket Socket { get; } = socket;

        public void Abandon()
        {
            Interlocked.Increment(ref owner._abandoned);
            Interlocked.Decrement(ref owner._open);
            Socket.Dispose();
        }
    }
}
