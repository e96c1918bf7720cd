using System.Collections.Concurrent;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Routing;

/// <summary>A compiled route with the live state it acts upon. A request takes the one it met and keeps it to its end.</summary>
/// <param name="Compiled">What the configuration says.</param>
/// <param name="Engine">Its policies and their state.</param>
/// <param name="Cluster">Where it goes.</param>
public sealed record LiveRoute(CompiledRoute Compiled, RoutePolicyEngine Engine, UpstreamCluster Cluster)
{
    /// <summary>The route that was chosen for a request; null when none was.</summary>
    public static LiveRoute? Of(RequestRecord record) => record.Decision as LiveRoute;
}

/// <summary>
/// The place an endpoint points to. Yarp keeps an endpoint as long as its own view of the route is unchanged; what
/// Yarp does not see (the policy) changes behind this handle.
/// </summary>
public sealed class RouteHandle
{
    private volatile LiveRoute? _current;

    /// <summary>The route now; null before the first and after the last configuration that has it.</summary>
    public LiveRoute? Current
    {
        get => _current;
        set => _current = value;
    }
}

/// <summary>Every route id that was ever configured, bounded by what operators write.</summary>
public sealed class RouteTable
{
    private readonly ConcurrentDictionary<string, RouteHandle> _handles = new(StringComparer.Ordinal);
    private volatile LiveRoute? _passthrough;

    /// <summary>The built-in route of intercepted traffic that no written route matches; null when nothing is intercepted.</summary>
    public LiveRoute? Passthrough
    {
        get => _passthrough;
        set => _passthrough = value;
    }

    /// <summary>The handle of a route id; made when it is new.</summary>
    public RouteHandle Handle(string routeId) => _handles.GetOrAdd(routeId, static _ => new RouteHandle());

    /// <summary>The routes of an accepted configuration take effect; those not in it end.</summary>
    public void Publish(IReadOnlyCollection<LiveRoute> routes)
    {
        foreach (var route in routes)
        {
            Handle(route.Compiled.Id).Current = route;
        }

        var ids = routes.Select(route => route.Compiled.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var id in _handles.Keys.Where(id => !ids.Contains(id)))
        {
            if (_handles.TryRemove(id, out var handle))
            {
                handle.Current = null;
            }
        }
    }
}
