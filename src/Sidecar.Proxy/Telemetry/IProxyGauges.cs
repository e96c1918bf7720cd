namespace Sidecar.Proxy.Telemetry;

/// <summary>Requests in flight on one route.</summary>
/// <param name="Direction"><c>reverse</c>, <c>inbound</c> or <c>outbound</c>.</param>
/// <param name="Route">Route id; empty when none.</param>
/// <param name="Count">How many.</param>
public readonly record struct InFlightGauge(string Direction, string Route, long Count);

/// <summary>The retry budget of one cluster.</summary>
/// <param name="Cluster">Cluster id.</param>
/// <param name="Available">Retries it would allow now.</param>
public readonly record struct RetryBudgetGauge(string Cluster, double Available);

/// <summary>One breaker.</summary>
/// <param name="Direction">Direction of its route.</param>
/// <param name="Route">Route id.</param>
/// <param name="Cluster">Cluster id.</param>
/// <param name="DestinationLabel">Destination id for metric labels (<c>dynamic</c> for addresses without an id); empty for scope <c>route</c>.</param>
/// <param name="State">Its state.</param>
public readonly record struct BreakerGauge(string Direction, string Route, string Cluster, string DestinationLabel, BreakerState State);

/// <summary>Open downstream connections.</summary>
/// <param name="Direction"><c>reverse</c>, <c>inbound</c> or <c>outbound</c>.</param>
/// <param name="Count">How many.</param>
public readonly record struct ConnectionGauge(string Direction, long Count);

/// <summary>
/// What is read rather than counted: asked at every scrape and export, on a thread of the exporter, so it must be
/// thread-safe and may allocate, but must not block.
/// </summary>
public interface IProxyGauges
{
    /// <summary>Requests in flight; routes at 0 may be left out.</summary>
    IEnumerable<InFlightGauge> InFlight { get; }

    /// <summary>Every cluster's budget.</summary>
    IEnumerable<RetryBudgetGauge> RetryBudgets { get; }

    /// <summary>Every breaker; those of equal labels are counted together.</summary>
    IEnumerable<BreakerGauge> Breakers { get; }

    /// <summary>Downstream connections.</summary>
    IEnumerable<ConnectionGauge> Connections { get; }

    /// <summary>Those of them that are carried as TCP.</summary>
    IEnumerable<ConnectionGauge> OpaqueConnections { get; }

    /// <summary>Hash of the configuration in use, in hexadecimal, at least 12 digits; empty when there is none.</summary>
    string ConfigHash { get; }

    /// <summary>Number of the configuration in use, counted since start from 1.</summary>
    long ConfigRevision { get; }

    /// <summary>Time since the configuration in use was accepted.</summary>
    TimeSpan ConfigAge { get; }

    /// <summary>The last configuration read was rejected and an older one is in use.</summary>
    bool IsConfigRejected { get; }

    /// <summary>Draining.</summary>
    bool IsDraining { get; }
}
