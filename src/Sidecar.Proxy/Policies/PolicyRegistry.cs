using System.Collections.Frozen;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies;

/// <summary>
/// The live policies of every route. A reload replaces what changed and keeps the rest with its state: a route whose
/// policy is equal and whose cluster is the same keeps its breakers, a cluster whose budget is equal keeps what was used of it.
/// Requests in flight finish with the engine they began with. Reads take no lock.
/// </summary>
/// <param name="clock">Time.</param>
/// <param name="random">Chance.</param>
/// <param name="events">Who is told of attempts, retries and transitions.</param>
public sealed class PolicyRegistry(TimeProvider clock, IRandomSource random, IPolicyEvents events)
{
    private readonly Lock _writers = new();
    private readonly TransitionQueue _queue = new(events);
    private readonly DynamicBreakers _dynamic = new();
    private readonly RetryPipelines _pipelines = new(clock);
    private Live _live = new(FrozenDictionary<string, RoutePolicyEngine>.Empty, FrozenDictionary<string, RetryBudget>.Empty);

    /// <summary>Makes a configuration live.</summary>
    public void Apply(SidecarConfiguration configuration)
    {
        lock (_writers)
        {
            var old = _live;
            var budgets = configuration.Clusters.ToFrozenDictionary(
                static cluster => cluster.Id,
                cluster => old.Budgets.GetValueOrDefault(cluster.Id) is { } kept && kept.Policy == cluster.RetryBudget
                    ? kept
                    : new RetryBudget(cluster.RetryBudget, clock),
                StringComparer.Ordinal);
            var engines = configuration.Routes.ToFrozenDictionary(
                static route => route.Id,
                route => Keep(old, route, budgets[route.ClusterId]) ?? Create(route, budgets[route.ClusterId]),
                StringComparer.Ordinal);
            Volatile.Write(ref _live, new Live(engines, budgets));
            foreach (var (routeId, engine) in old.Engines)
            {
                if (!ReferenceEquals(engines.GetValueOrDefault(routeId), engine))
                {
                    engine.Retire();
                }
            }
        }
    }

    /// <summary>The engine of a route; null when there is no such route.</summary>
    public RoutePolicyEngine? Find(string routeId) => Volatile.Read(ref _live).Engines.GetValueOrDefault(routeId);

    /// <summary>Every breaker, for <c>/breakers</c> and gauges. Destination breakers appear with their route's first request.</summary>
    public IReadOnlyList<BreakerView> Breakers()
    {
        var views = new List<BreakerView>();
        foreach (var engine in Volatile.Read(ref _live).Engines.Values)
        {
            engine.Describe(views);
        }

        return views;
    }

    /// <summary>Every cluster's retry budget.</summary>
    public IReadOnlyList<BudgetView> Budgets()
    {
        var views = new List<BudgetView>();
        foreach (var (clusterId, budget) in Volatile.Read(ref _live).Budgets)
        {
            var (available, used) = budget.Snapshot();
            views.Add(new BudgetView(clusterId, available, used));
        }

        return views;
    }

    private static RoutePolicyEngine? Keep(Live old, RouteConfiguration route, RetryBudget budget)
    {
        if (old.Engines.GetValueOrDefault(route.Id) is not { } engine || engine.ClusterId != route.ClusterId || engine.Policy != route.Policy
            || engine.Direction != LabelValues.Name(route.Direction))
        {
            return null;
        }

        engine.Budget = budget;
        return engine;
    }

    private RoutePolicyEngine Create(RouteConfiguration route, RetryBudget budget) =>
        new(route.Policy, budget, _pipelines, events, new BreakerOwner(route.Id, route.ClusterId, LabelValues.Name(route.Direction), clock, random, _queue, _dynamic));

    private sealed record Live(FrozenDictionary<string, RoutePolicyEngine> Engines, FrozenDictionary<string, RetryBudget> Budgets);
}
