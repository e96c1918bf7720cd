using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>Why breakers change, as events and <c>/breakers</c> say it.</summary>
public static class BreakerReasons
{
    /// <summary>Failures in a row.</summary>
    public const string Consecutive = "consecutive";

    /// <summary>Share of failures in the window.</summary>
    public const string Ratio = "ratio";

    /// <summary>Share of slow calls in the window.</summary>
    public const string Slow = "slow";

    /// <summary>A probe failed.</summary>
    public const string ProbeFailed = "probe-failed";

    /// <summary>Every probe succeeded.</summary>
    public const string ProbeSucceeded = "probe-succeeded";

    /// <summary>The open time is over.</summary>
    public const string OpenElapsed = "open-elapsed";

    /// <summary>Too many other destinations are out (<c>maxEjectedRatio</c>), or no longer.</summary>
    public const string EjectionCap = "ejection-cap";
}

/// <summary>One transition of one state machine.</summary>
/// <param name="From">State before.</param>
/// <param name="To">State after.</param>
/// <param name="Reason">One of <see cref="BreakerReasons"/>.</param>
/// <param name="OpenFor">How long it stays open; zero otherwise.</param>
/// <param name="Failures">Failures in the window.</param>
/// <param name="Requests">Requests in the window.</param>
public readonly record struct BreakerChange(BreakerState From, BreakerState To, string Reason, TimeSpan OpenFor, int Failures, int Requests);

/// <summary>What one breaker looks like at one moment.</summary>
/// <param name="State">Closed, open or half-open.</param>
/// <param name="Reason">Why it is in that state; empty when it never left closed.</param>
/// <param name="Since">How long it has been in that state.</param>
/// <param name="OpenFor">Time until a probe may go; zero unless open.</param>
/// <param name="Failures">Failures in the window.</param>
/// <param name="Requests">Requests in the window.</param>
/// <param name="SlowCalls">Slow calls in the window.</param>
/// <param name="Consecutive">Failures in a row.</param>
public readonly record struct BreakerSnapshot(
    BreakerState State,
    string Reason,
    TimeSpan Since,
    TimeSpan OpenFor,
    int Failures,
    int Requests,
    int SlowCalls,
    int Consecutive);

/// <summary>Who wants to know of transitions, in two steps so that nothing is called out under a lock.</summary>
internal interface IBreakerObserver
{
    /// <summary>Under the breaker's lock, so in the order in which it happened: only take note.</summary>
    void Note(CircuitBreaker breaker, in BreakerChange change);

    /// <summary>The lock is released: tell others.</summary>
    void Publish();
}
