using Sidecar.Configuration;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Configuration;

/// <summary>
/// What intercepted traffic needs beside what the operator wrote: the cluster that stands for "where the application
/// dialled", and the built-in route <c>passthrough</c> of what no written route matches. They never appear in
/// <c>/config</c>.
/// </summary>
public static class InterceptedTraffic
{
    private static readonly SourceLocation BuiltIn = new("built-in", 0, "passthrough");

    private static readonly ClusterConfiguration Original = new(
        RouteConfiguration.OriginalClusterId,
        [],
        Dns: null,
        ConfigurationDefaults.LoadBalancing,
        ConfigurationDefaults.Protocol,
        ConfigurationDefaults.RetryBudget,
        ConfigurationDefaults.Connections,
        ActiveHealthCheck: null,
        Tls: null,
        BuiltIn);

    private static readonly RouteConfiguration PassthroughRoute = new(
        "",
        Order: int.MaxValue,
        new MatchConfiguration(null, [], null, [], [], null),
        RouteConfiguration.OriginalClusterId,
        ConfigurationDefaults.PassthroughPolicy,
        [],
        BuiltIn);

    /// <summary>The route of what no written route matches.</summary>
    public static CompiledRoute Passthrough { get; } = new(PassthroughRoute, ChangesTarget: false, HasTransforms: false, UsesTargetHash: false);

    /// <summary>The configuration with the built-in parts; the same one when nothing is intercepted.</summary>
    public static SidecarConfiguration Complete(SidecarConfiguration configuration) =>
        configuration.Listeners is { Outbound: null, Inbound: null }
            ? configuration
            : configuration with
            {
                Clusters = [.. configuration.Clusters, Original],
                Routes = [.. configuration.Routes, PassthroughRoute],
            };
}
