using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// Puts an accepted configuration to work. The order matters: what a route needs is there before the route is, and
/// Yarp's endpoints come last, so that a request meets either the old route or the new one, whole.
/// </summary>
public sealed class RunningConfiguration(
    UpstreamClusterRegistry clusters, PolicyRegistry policies, RouteTable routes, TcpRouteTable tcpRoutes, RequestTelemetry telemetry, ReplayMemory replayMemory)
{
    private volatile InterceptionConfiguration _interception = ConfigurationDefaults.Interception;
    private int _inFlightLimit;

    /// <summary>Requests that may be in flight.</summary>
    public int InFlightLimit => Volatile.Read(ref _inFlightLimit);

    /// <summary>How intercepted connections are told apart now.</summary>
    public InterceptionConfiguration Interception => _interception;

    /// <summary>Everything that can be found wrong only here; empty when the configuration can run.</summary>
    public static IReadOnlyList<ConfigurationProblem> Check(SidecarConfiguration configuration) =>
        [.. SnapshotCompiler.Check(configuration), .. UpstreamClusterRegistry.Check(configuration.Clusters)];

    /// <summary>Takes effect at once for new requests; requests under way keep what they met.</summary>
    public void Apply(ConfigSnapshot snapshot, SidecarProxyConfigProvider? yarp)
    {
        var configuration = InterceptedTraffic.Complete(snapshot.Configuration);
        clusters.Apply(configuration.Clusters);
        policies.Apply(configuration);
        telemetry.Apply(configuration.Telemetry);
        replayMemory.SetLimit(configuration.Limits.ReplayTotalBytes);
        Volatile.Write(ref _inFlightLimit, InFlight(configuration.Limits));
        LiveRoute[] live = [.. snapshot.Routes.Select(Live)];
        routes.Publish(live);
        routes.Passthrough = policies.Find(InterceptedTraffic.Passthrough.Id) is null ? null : Live(InterceptedTraffic.Passthrough);
        tcpRoutes.Publish(live);
        _interception = snapshot.Configuration.Interception;
        yarp?.Update(snapshot);
    }

    /// <summary>The limit of connections; fixed when the listeners open.</summary>
    public static int Connections(LimitsConfiguration limits) =>
        limits.Connections ?? ResourceLimits.Connections(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    private static int InFlight(LimitsConfiguration limits) =>
        limits.InFlight ?? ResourceLimits.InFlight(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Environment.ProcessorCount);

    private LiveRoute Live(CompiledRoute route) => new(
        route,
        policies.Find(route.Id) ?? throw new InvalidOperationException($"Route {route.Id} has no policy engine."),
        clusters.Find(route.Route.ClusterId) ?? throw new InvalidOperationException($"Cluster {route.Route.ClusterId} is not there."));
}
