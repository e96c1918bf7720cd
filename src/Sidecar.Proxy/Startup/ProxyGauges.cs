using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>The live state as gauges; read at a scrape.</summary>
public sealed class ProxyGauges(
    TrafficCounters counters, PolicyRegistry policies, ConfigurationStore store, DrainState drain, TimeProvider time) : IProxyGauges
{
    private static readonly Direction[] Directions = Enum.GetValues<Direction>();

    /// <inheritdoc/>
    public IEnumerable<InFlightGauge> InFlight => Directions.Select(direction => new InFlightGauge(LabelValues.Name(direction), "", counters.InFlightOf(direction)));

    /// <inheritdoc/>
    public IEnumerable<RetryBudgetGauge> RetryBudgets => policies.Budgets().Select(budget => new RetryBudgetGauge(budget.Cluster, budget.Available));

    /// <inheritdoc/>
    public IEnumerable<BreakerGauge> Breakers => policies.Breakers()
        .Select(breaker => new BreakerGauge(breaker.Direction, breaker.Route, breaker.Cluster, breaker.DestinationLabel, breaker.State));

    /// <inheritdoc/>
    public IEnumerable<ConnectionGauge> Connections => Directions.Select(direction => new ConnectionGauge(LabelValues.Name(direction), counters.ConnectionsOf(direction)));

    /// <inheritdoc/>
    public IEnumerable<ConnectionGauge> OpaqueConnections =>
        Directions.Select(direction => new ConnectionGauge(LabelValues.Name(direction), counters.OpaqueOf(direction)));

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
