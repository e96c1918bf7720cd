using System.Net;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>Which way a connection goes, seen from the pod.</summary>
public enum Direction
{
    /// <summary>From an application in the pod to a server outside.</summary>
    Outbound,

    /// <summary>From a client outside to an application in the pod.</summary>
    Inbound,
}

/// <summary>
/// Pods around one peer. The peer is everything that is not a pod: the node that routes between them, a far server, a
/// client from elsewhere. Every pod has its own link to the peer and its default routes over it.
/// </summary>
internal sealed class PodNetwork : IAsyncDisposable
{
    private PodNetwork(NetworkNamespace peer) => Peer = peer;

    /// <summary>The namespace around the pods.</summary>
    public NetworkNamespace Peer { get; }

    /// <summary>The pods, in order.</summary>
    public List<Pod> Pods { get; } = [];

    /// <summary>The first pod.</summary>
    public Pod Pod => Pods[0];

    /// <summary>The peer's own address, which is in no pod's subnet.</summary>
    public static IPAddress PeerAddress(bool isIPv6) => IPAddress.Parse(isIPv6 ? "fd99::1" : "10.99.0.1");

    /// <summary>Builds it; nothing is intercepted yet.</summary>
    public static async Task<PodNetwork> CreateAsync(int pods = 1)
    {
        var network = new PodNetwork(await NetworkNamespace.CreateAsync("peer"));
        try
        {
            var peer = network.Peer.Name;
            await Command.RunAsync($"ip -n {peer} addr add 10.99.0.1/32 dev lo");
            await Command.RunAsync($"ip -n {peer} addr add fd99::1/128 dev lo nodad");
            await network.Peer.RunAsync("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
            for (var number = 1; number <= pods; number++)
            {
                var pod = await NetworkNamespace.CreateAsync("pod");
                network.Pods.Add(new Pod(pod, number));
                await ConnectAsync(pod.Name, peer, number);
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where a client has to start and what it has to dial.</summary>
    public (NetworkNamespace Client, NetworkNamespace Server, IPAddress Address) Path(Direction direction, bool isIPv6) => direction == Direction.Outbound
        ? (Pod.Network, Peer, PeerAddress(isIPv6))
        : (Peer, Pod.Network, Pod.Address(isIPv6));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var pod in Pods)
        {
            await pod.DisposeAsync();
        }

        await Peer.DisposeAsync();
    }

    private static async Task ConnectAsync(string pod, string peer, int number)
    {
        string[] commands =
        [
            $"ip link add eth0 netns {pod} type veth peer name pod{number} netns {peer}",
            $"ip -n {peer} addr add 10.61.{number}.1/24 dev pod{number}",
            $"ip -n {peer} addr add fd61:{number}::1/64 dev pod{number} nodad",
            $"ip -n {peer} link set pod{number} up",
            $"ip -n {pod} addr add 10.61.{number}.2/24 dev eth0",
            $"ip -n {pod} addr add fd61:{number}::2/64 dev eth0 nodad",
            $"ip -n {pod} link set eth0 up",
            $"ip -n {pod} route add default via 10.61.{number}.1",
            $"ip -n {pod} -6 route add default via fd61:{number}::1",
        ];
        foreach (var command in commands)
        {
            await Command.RunAsync(command);
        }
    }
}

/// <summary>A namespace with one address per family, as a pod has it; with or without a sidecar.</summary>
internal sealed class Pod(NetworkNamespace network, int number) : IAsyncDisposable
{
    /// <summary>The user applications run under.</summary>
    public const int ApplicationUser = 1654;

    private PodSidecar? _sidecar;

    /// <summary>Its namespace.</summary>
    public NetworkNamespace Network { get; } = network;

    /// <summary>Its sidecar.</summary>
    /// <exception cref="InvalidOperationException">None was started.</exception>
    public PodSidecar Sidecar => _sidecar ?? throw new InvalidOperationException("This pod has no sidecar.");

    /// <summary>Is its traffic intercepted?</summary>
    public bool IsIntercepted => _sidecar is not null;

    /// <summary>The pod's address.</summary>
    public IPAddress Address(bool isIPv6) => IPAddress.Parse(isIPv6 ? $"fd61:{number}::2" : $"10.61.{number}.2");

    /// <summary>Applies the rules and starts the proxy.</summary>
    public async Task StartSidecarAsync(string document, int user = PodSidecar.User, string initArguments = "", IReadOnlyDictionary<string, string>? environment = null) =>
        _sidecar = await PodSidecar.StartAsync(Network, document, user, initArguments, environment);

    /// <summary>Starts an application under its user.</summary>
    public NamespaceProcess Start(IReadOnlyList<string> commandLine, IReadOnlyDictionary<string, string>? environment = null) =>
        NamespaceProcess.Start(Network, ApplicationUser, commandLine, environment);

    /// <summary>Runs an application under its user to its end.</summary>
    public Task<CommandResult> RunAsync(params string[] commandLine) => NamespaceProcess.RunAsync(Network, ApplicationUser, commandLine);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
        }

        await Network.DisposeAsync();
    }
}
