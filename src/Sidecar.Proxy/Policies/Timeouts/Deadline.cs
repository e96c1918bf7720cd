using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Policies.Timeouts;

/// <summary>
/// When a request must have its response headers: the policy's request timeout, which starts when the request is fully
/// received, and the caller's own deadline, which runs from arrival and can only shorten. All times are measured from
/// the arrival of the request. Pure; the moment it names never moves away, only closer.
/// </summary>
public struct Deadline
{
    /// <summary>"No attempt starts that cannot finish" (PRODUCT §2): with less than this left, none does.</summary>
    public static readonly TimeSpan ShortestAttempt = TimeSpan.FromMilliseconds(5);

    /// <summary>No clock runs.</summary>
    public static readonly TimeSpan Never = TimeSpan.MaxValue;

    private readonly TimeSpan? _request;
    private readonly TimeSpan _callerDue;
    private TimeSpan _policyDue;

    private Deadline(TimeSpan? request, TimeSpan? caller)
    {
        _request = request;
        _callerDue = caller ?? Never;
        _policyDue = Never;
    }

    /// <summary>The latest moment for response headers; <see cref="Never"/> while nothing bounds it.</summary>
    public readonly TimeSpan Due => _callerDue < _policyDue ? _callerDue : _policyDue;

    /// <summary>It is the caller's deadline that will run out first, so that running out is no failure of the upstream.</summary>
    public readonly bool IsCallers => _callerDue < _policyDue;

    /// <summary>The request timeout waits for the request to be received.</summary>
    public readonly bool AwaitsRequest => _request is not null && _policyDue == Never;

    /// <summary>The clocks of one request.</summary>
    /// <param name="timeouts">The route's.</param>
    /// <param name="isStream">Upgrade or event stream: both clocks are off, such calls live as long as they want.</param>
    /// <param name="isGrpc">For gRPC the request timeout counts only where it is written for the route; else the caller's deadline rules alone.</param>
    /// <param name="callerTimeout">The caller's own, from arrival.</param>
    public static Deadline Of(TimeoutPolicy timeouts, bool isStream, bool isGrpc, TimeSpan? callerTimeout) =>
        isStream ? new Deadline(null, null) : new Deadline(isGrpc && !timeouts.IsRequestWritten ? null : timeouts.Request, callerTimeout);

    /// <summary>The request is fully received: the request timeout starts, once.</summary>
    public void RequestReceived(TimeSpan now)
    {
        if (AwaitsRequest)
        {
            _policyDue = Sum(now, _request!.Value);
        }
    }

    /// <summary>Time left, never negative; null when nothing bounds it.</summary>
    public readonly TimeSpan? Left(TimeSpan now) => Due == Never ? null : Due > now ? Due - now : TimeSpan.Zero;

    /// <summary>May an attempt start after waiting this long?</summary>
    public readonly bool LeavesTimeAfter(TimeSpan wait, TimeSpan now) => Left(now) is not { } left || left - wait >= ShortestAttempt;

    /// <summary>A moment so far away that it cannot be written down is never: callers may send any number.</summary>
    internal static TimeSpan Sum(TimeSpan now, TimeSpan length) => length >= Never - now ? Never : now + length;
}
