using System.Collections.Immutable;
using Sidecar.Configuration.Effective;
using Yarp.ReverseProxy.Configuration;

namespace Sidecar.Proxy.Configuration;

/// <summary>One accepted configuration, compiled: immutable, swapped whole.</summary>
/// <param name="Configuration">What it was compiled from.</param>
/// <param name="Routes">In matching order.</param>
/// <param name="YarpRoutes">The same for Yarp, one or more per route; ids are <c>route</c> or <c>route|host</c>.</param>
/// <param name="YarpClusters">Placeholders: destinations are chosen per attempt, below retry.</param>
public sealed record ConfigSnapshot(
    SidecarConfiguration Configuration,
    ImmutableArray<CompiledRoute> Routes,
    ImmutableArray<RouteConfig> YarpRoutes,
    ImmutableArray<ClusterConfig> YarpClusters);
