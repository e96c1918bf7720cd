using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>The live state as gauges; read at a scrape.</summary>
public sealed class ProxyGauges(
    TrafficCounters counters, PolicyRegistry policies, ConfigurationStore store, DrainState drain, TimeProvider time) : IProxyGauges
{
    private const string Reverse = "reverse";

    /// <inheritdoc/>
    public IEnumerable<InFlightGauge> InFlight => [new(Reverse, "", counters.InFlight)];

    /// <inheritdoc/>
    public IEnumerable<RetryBudgetGauge> RetryBudgets => policies.Budgets().Select(budget => new RetryBudgetGauge(budget.Cluster, budget.Available));

    /// <inheritdoc/>
    public IEnumerable<BreakerGauge> Breakers => policies.Breakers()
        .Select(breaker => new BreakerGauge(Reverse, breaker.Route, breaker.Cluster, breaker.DestinationLabel, breaker.State));

    /// <inheritdoc/>
    public IEnumerable<ConnectionGauge> Connections => [new(Reverse, counters.Connections)];

    /// <inheritdoc/>
    public string ConfigHash => store.Current.Revision;

    /// <inheritdoc/>
    public long ConfigRevision => store.RevisionNumber;

    /// <inheritdoc/>
    public TimeSpan ConfigAge => time.GetUtcNow() - store.Current.LoadedAt;

    /// <inheritdoc/>
    public bool IsConfigRejected => store.LastRejection is not null;

    /// <inheritdoc/>
    public bool IsDraining => drain.IsDraining;
}
