using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Tests.Telemetry;
using Sidecar.Proxy.Tests.Upstream;
using Sidecar.Proxy.Upstream;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Routing;

/// <summary>Written routes, live, without a listener in front of them.</summary>
internal sealed class RunningRoutes : IAsyncDisposable
{
    private readonly RunningConfiguration _running;

    /// <param name="routes">Lines below <c>routes:</c>, indented by two.</param>
    /// <param name="clusters">More clusters beside <c>c</c>, flow style.</param>
    public RunningRoutes(string routes = "{}", string clusters = "")
    {
        Dialer = new UpstreamDialer(Dialed);
        Policies = new PolicyRegistry(Time, new SeededRandom(1), Telemetry.Telemetry);
        Clusters = new UpstreamClusterRegistry(Time, new SeededRandom(2), new ScriptedResolver(), new EventLog(), Dialer);
        Originals = new OriginalDestinations(Time);
        _running = new RunningConfiguration(Clusters, Policies, Table, TcpRoutes, Telemetry.Telemetry, new ReplayMemory(1024));
        Apply(routes, clusters);
    }

    public ManualTimeProvider Time { get; } = new();

    public TelemetryRig Telemetry { get; } = new();

    public DialedSockets Dialed { get; } = new();

    public UpstreamDialer Dialer { get; }

    public PolicyRegistry Policies { get; }

    public UpstreamClusterRegistry Clusters { get; }

    public RouteTable Table { get; } = new();

    public TcpRouteTable TcpRoutes { get; } = new();

    public OriginalDestinations Originals { get; }

    /// <summary>Another configuration takes effect.</summary>
    public void Apply(string routes, string clusters = "") => _running.Apply(SnapshotCompiler.Compile(Load(routes, clusters)), yarp: null);

    /// <summary>Reads a document whose listeners are all open.</summary>
    public static SidecarConfiguration Load(string routes, string clusters = "")
    {
        var text =
            "version: 1\n"
            + "listeners: { reverse: { address: '127.0.0.1:0' }, outbound: { port: 0 }, inbound: { port: 0 } }\n"
            + $"clusters: {{ c: {{ destinations: {{ a: {{ address: 'http://127.0.0.1:1' }} }} }}{(clusters.Length == 0 ? "" : ", " + clusters)} }}\n"
            + $"routes:\n  {routes}\n";
        var result = ConfigurationLoader.Load([new("test.yaml", text)], [], ConfigurationEnvironment.Default);
        Assert.Empty(result.Errors);
        return result.Configuration!;
    }

    public async ValueTask DisposeAsync()
    {
        await Clusters.DisposeAsync();
        Telemetry.Dispose();
    }
}
