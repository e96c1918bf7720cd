using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies;

/// <summary>One line of <c>/breakers</c>.</summary>
/// <param name="Route">Route id.</param>
/// <param name="Cluster">Cluster id.</param>
/// <param name="Destination">Destination id; empty for scope <c>route</c>.</param>
/// <param name="DestinationLabel">Destination id for metric labels (<c>dynamic</c> for unwritten addresses); empty for scope <c>route</c>.</param>
/// <param name="State">As seen from outside, <see cref="BreakerState.Held"/> included.</param>
/// <param name="Reason">Why it is in this state; empty when it never left closed.</param>
/// <param name="Since">How long it has been in it.</param>
/// <param name="OpenFor">Time until a probe may go; zero unless open.</param>
/// <param name="Failures">Failures in the window.</param>
/// <param name="Requests">Requests in the window.</param>
/// <param name="SlowCalls">Slow calls in the window.</param>
/// <param name="Consecutive">Failures in a row.</param>
public readonly record struct BreakerView(
    string Route,
    string Cluster,
    string Destination,
    string DestinationLabel,
    BreakerState State,
    string Reason,
    TimeSpan Since,
    TimeSpan OpenFor,
    int Failures,
    int Requests,
    int SlowCalls,
    int Consecutive)
{
    /// <summary>Direction of its route.</summary>
    public string Direction { get; init; } = "reverse";
}

/// <summary>One cluster's retry budget.</summary>
/// <param name="Cluster">Cluster id.</param>
/// <param name="Available">Retries that may be done now.</param>
/// <param name="Used">Retries done in the window.</param>
public readonly record struct BudgetView(string Cluster, int Available, int Used);
