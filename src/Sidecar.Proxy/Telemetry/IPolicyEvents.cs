using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Telemetry;

/// <summary>What became of a wish to retry; the label of <c>sidecar.retries</c>.</summary>
public enum RetryDecision
{
    /// <summary>It was done.</summary>
    Retried,

    /// <summary>The limit was reached (<c>URX</c>).</summary>
    LimitReached,

    /// <summary>The budget was exhausted (<c>RB</c>).</summary>
    BudgetExhausted,

    /// <summary>The request may not be repeated (method, body, bytes sent).</summary>
    NotRepeatable,

    /// <summary>The time left was too short.</summary>
    NoTime,

    /// <summary><c>Retry-After</c> asked for more than allowed.</summary>
    RetryAfterTooLong,
}

/// <summary>State of a breaker as metrics and <c>/breakers</c> name it.</summary>
public enum BreakerState
{
    /// <summary>Traffic flows.</summary>
    Closed,

    /// <summary>Refused.</summary>
    Open,

    /// <summary>Probes are let through.</summary>
    HalfOpen,

    /// <summary>Tripped, but kept in use because too many others are out.</summary>
    Held,
}

/// <summary>One transition of one breaker.</summary>
/// <param name="Route">Route id.</param>
/// <param name="Cluster">Cluster id.</param>
/// <param name="Destination">Destination id for logs; empty for scope <c>route</c>.</param>
/// <param name="DestinationLabel">Destination id for metric labels.</param>
/// <param name="From">State before.</param>
/// <param name="To">State after.</param>
/// <param name="Reason"><c>consecutive</c>, <c>ratio</c>, <c>slow</c>, <c>probe-failed</c>, <c>probe-succeeded</c>, <c>open-elapsed</c>, <c>ejection-cap</c>.</param>
/// <param name="OpenFor">How long it stays open; zero otherwise.</param>
/// <param name="Failures">Failures in the window.</param>
/// <param name="Requests">Requests in the window.</param>
/// <param name="Direction">Direction of the route.</param>
public readonly record struct BreakerTransition(
    string Route,
    string Cluster,
    string Destination,
    string DestinationLabel,
    BreakerState From,
    BreakerState To,
    string Reason,
    TimeSpan OpenFor,
    int Failures,
    int Requests,
    string Direction);

/// <summary>What the policy engine tells about itself. Called on the request path: implementations only count and enqueue.</summary>
public interface IPolicyEvents
{
    /// <summary>An attempt is about to be sent; may start a span and put it into <see cref="RequestRecord.LastAttempt"/>.</summary>
    void AttemptStarted(RequestRecord record);

    /// <summary>The last attempt came to its headers or failed; its record is filled.</summary>
    void AttemptFinished(RequestRecord record);

    /// <summary>A failed attempt was considered for a retry.</summary>
    void RetryConsidered(RequestRecord record, RetryDecision decision, TimeSpan wait);

    /// <summary>A breaker changed its state.</summary>
    void BreakerChanged(in BreakerTransition transition);

    /// <summary>A request was refused by an open circuit.</summary>
    void Refused(RequestRecord record, ProxyError error);
}
