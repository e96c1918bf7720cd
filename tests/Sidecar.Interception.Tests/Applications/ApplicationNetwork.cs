using System.Net;

namespace Sidecar.Interception.Tests.Applications;

/// <summary>Where a client is and where its server.</summary>
public enum Way
{
    /// <summary>From the pod to the peer.</summary>
    Outbound,

    /// <summary>From the peer to the pod.</summary>
    Inbound,

    /// <summary>From one pod to the other, through both their proxies.</summary>
    PodToPod,
}

/// <summary>Two pods and their peer for all applications of a suite, with or without sidecars, and the files they need.</summary>
public sealed class ApplicationNetwork : IAsyncLifetime
{
    private static readonly Lazy<string> Scripts = new(() => Workbench.CopyFolder(Path.Combine(Repository.NetnsFolder, "apps")));
    private static readonly Lazy<string> Modules = new(() => Workbench.CopyFolder(Repository.NodeModules));

    private readonly SemaphoreSlim _building = new(1);
    private PodNetwork? _network;
    private int _port = 20_000;

    /// <summary>A script of <c>tests/netns/apps</c>.</summary>
    internal static string Script(string name) => Path.Combine(Scripts.Value, name);

    /// <summary>Environment of a Node process that finds the npm packages.</summary>
    internal static IReadOnlyDictionary<string, string> NodeEnvironment => new Dictionary<string, string> { ["NODE_PATH"] = Modules.Value };

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }
    }

    /// <summary>The first of ten ports that no other test uses: what the proxy learned about a destination stays with it.</summary>
    internal int NextPorts() => Interlocked.Add(ref _port, 10);

    /// <summary>The network, built when first needed: a skipped suite builds none.</summary>
    internal async Task<PodNetwork> GetAsync(bool isIntercepted)
    {
        await _building.WaitAsync();
        try
        {
            if (_network is null)
            {
                _network = await PodNetwork.CreateAsync(pods: 2);
                foreach (var pod in isIntercepted ? _network.Pods : [])
                {
                    await pod.StartSidecarAsync(PodDocument.Passthrough);
                }
            }

            return _network;
        }
        finally
        {
            _building.Release();
        }
    }

    /// <summary>Both ends of a way.</summary>
    internal static (NetworkNamespace Client, NetworkNamespace Server, IPAddress Address) Ends(PodNetwork network, Way way, bool isIPv6) => way switch
    {
        Way.PodToPod => (network.Pods[0].Network, network.Pods[1].Network, network.Pods[1].Address(isIPv6)),
        _ => network.Path(way == Way.Outbound ? Direction.Outbound : Direction.Inbound, isIPv6),
    };
}
