using System.Runtime.InteropServices;
using Sidecar.TestKit.Network;

namespace Sidecar.Init.Tests.Namespaces;

/// <summary>
/// Two network namespaces: a pod with a default route, and a neighbour behind it that has the documentation addresses
/// (so that a connection which is not redirected is refused at once instead of waiting). Both go away with the object.
/// </summary>
internal sealed class PodNetwork : IDisposable
{
    public const string PodV4 = "10.77.0.1";
    public const string PodV6 = "fd77::1";

    private static int s_number;

    private readonly string _pod;
    private readonly string _neighbour;

    public PodNetwork()
    {
        var id = $"{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}";
        (_pod, _neighbour) = ($"sidecar-pod-{id}", $"sidecar-nbr-{id}");
        try
        {
            Ip($"netns add {_pod}");
            Ip($"netns add {_neighbour}");
            Ip($"link add eth0 netns {_pod} type veth peer name eth0 netns {_neighbour}");
            Ip($"-n {_pod} addr add {PodV4}/24 dev eth0");
            Ip($"-n {_pod} -6 addr add {PodV6}/64 dev eth0 nodad");
            Ip($"-n {_neighbour} addr add 10.77.0.2/24 dev eth0");
            Ip($"-n {_neighbour} -6 addr add fd77::2/64 dev eth0 nodad");
            foreach (var name in new[] { _pod, _neighbour })
            {
                Ip($"-n {name} link set lo up");
                Ip($"-n {name} link set eth0 up");
            }

            Ip($"-n {_neighbour} addr add 192.0.2.1/32 dev lo");
            Ip($"-n {_neighbour} -6 addr add 2001:db8::1/128 dev lo nodad");
            Ip($"-n {_pod} route add default via 10.77.0.2");
            Ip($"-n {_pod} -6 route add default via fd77::2");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Variables for everything that runs in the pod.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Runs a program in the pod.</summary>
    public CommandResult Run(string program, params string[] arguments) =>
        SystemProgram.Run("ip", "", Variables, ["netns", "exec", _pod, program, .. arguments]);

    /// <summary>Runs a program in the pod with input, and expects it to succeed.</summary>
    public void Feed(string program, string input, params string[] arguments)
    {
        var result = SystemProgram.Run("ip", input, Variables, ["netns", "exec", _pod, program, .. arguments]);
        Assert.True(result.ExitCode == 0, $"{program}: {result}");
    }

    /// <summary>Runs <c>sidecar-init</c> in the pod.</summary>
    public CommandResult Init(string line) => Run(InitBinary.Path, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The same, as another user and group.</summary>
    public CommandResult InitAs(int uid, int gid, string line) => Run(
        "setpriv", ["--reuid", $"{uid}", "--regid", $"{gid}", "--clear-groups", InitBinary.Path, .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

    /// <summary>Everything that the kernel holds for the pod: nftables, and both families of the old interface.</summary>
    public string State() => string.Join('\n', new[] { "nft list ruleset", "iptables-save", "ip6tables-save" }
        .Concat(SystemProgram.Has("iptables-legacy-save") ? ["iptables-legacy-save", "ip6tables-legacy-save"] : [])
        .Select(line => $"== {line}\n{Saved(line)}"));

    /// <summary>Output of a program without comments, which carry the time.</summary>
    public string Saved(string line)
    {
        var words = line.Split(' ');
        var result = Run(words[0], words[1..]);
        Assert.True(result.ExitCode == 0, $"{line}: {result}");
        return string.Join('\n', result.Output.Split('\n').Where(static text => !text.StartsWith('#')));
    }

    /// <summary>Runs code on a thread that is in the pod's namespace: sockets it makes stay there.</summary>
    public T InPod<T>(Func<T> make) => In(_pod, make);

    /// <summary>The same in the neighbour's.</summary>
    public T InNeighbour<T>(Func<T> make) => In(_neighbour, make);

    public void Dispose()
    {
        foreach (var name in new[] { _pod, _neighbour })
        {
            SystemProgram.Run("ip", "netns", "del", name);
        }
    }

    private static void Ip(string line)
    {
        var result = SystemProgram.Run("ip", line.Split(' '));
        Assert.True(result.ExitCode == 0, $"ip {line}: {result}");
    }

    private static T In<T>(string name, Func<T> make)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{name}");
                Assert.Equal(0, SetNamespace((int)handle.DangerousGetHandle(), 0));
                result = make();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException($"In {name}: {failure.Message}", failure);
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static extern int SetNamespace(int descriptor, int type);
}
