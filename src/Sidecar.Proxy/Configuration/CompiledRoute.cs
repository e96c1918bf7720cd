using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Configuration;

/// <summary>
/// One route as the request path reads it: immutable, swapped whole at a reload. A request takes the one it met and
/// keeps it to its end.
/// </summary>
/// <param name="Route">What the operator wrote, effective.</param>
/// <param name="ChangesTarget">A transform rewrites path or query; otherwise the raw target is forwarded byte for byte.</param>
/// <param name="HasTransforms">Yarp's transforms have something to do.</param>
/// <param name="UsesTargetHash">Its cluster balances by a hash of the target.</param>
public sealed record CompiledRoute(RouteConfiguration Route, bool ChangesTarget, bool HasTransforms, bool UsesTargetHash)
{
    /// <summary>Id in the configuration.</summary>
    public string Id => Route.Id;

    /// <summary>The built-in route of intercepted traffic that no written route matches: carried as if we were not there.</summary>
    public bool IsPassthrough => Route.Id.Length == 0;

    /// <summary>The effective policy.</summary>
    public RoutePolicy Policy => Route.Policy;
}
