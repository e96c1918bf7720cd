using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Pooling;

namespace Sidecar.Proxy.Policies.Timeouts;

/// <summary>
/// The clock of one request: one token that ends the running attempt, by the request timeout, the per-try timeout or
/// the caller's leaving, and the knowledge which of them it was. Both timeouts share one timer, armed for whichever
/// comes first. Pooled: in the steady state a request costs two timer changes and no allocation.
/// </summary>
internal sealed class RequestClock : IDisposable
{
    // CancellationTokenSource takes no longer delays (2^32 − 2 ms); who waits for 49 days waits for ever.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    [ThreadStatic]
    private static LocalStack<RequestClock>? t_idle;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private CancellationTokenSource _source;
    private CancellationTokenRegistration _callerLink;
    private CancellationToken _callerGone;
    private Deadline _deadline;
    private long _arrival;
    private TimeSpan _tryDue;
    private bool _isShared;
    private bool _hasEnded;

    private RequestClock(TimeProvider time)
    {
        _time = time;
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>Ends the attempt that runs; valid until the next <see cref="StartTry"/> or <see cref="Dispose"/>.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Time since the request arrived.</summary>
    public TimeSpan Now => _time.GetElapsedTime(_arrival);

    /// <summary>The bounds of this request as they are now.</summary>
    public Deadline Deadline
    {
        get
        {
            lock (_lock)
            {
                return _deadline;
            }
        }
    }

    /// <summary>Starts the clocks of a request.</summary>
    /// <param name="time">Time.</param>
    /// <param name="deadline">What bounds it; its request timeout starts when <paramref name="requestReceived"/> completes.</param>
    /// <param name="arrival">When the request arrived, a timestamp of <paramref name="time"/>.</param>
    /// <param name="requestReceived">Completes when the request was fully received.</param>
    /// <param name="callerGone">The caller went away.</param>
    /// <param name="isUpgrade">The connection changes hands: what becomes of its token is not ours to know.</param>
    public static RequestClock Start(TimeProvider time, in Deadline deadline, long arrival, Task requestReceived, CancellationToken callerGone, bool isUpgrade = false)
    {
        var clock = Rent(time);
        clock._deadline = deadline;
        clock._arrival = arrival;
        clock._callerGone = callerGone;
        clock._tryDue = Deadline.Never;
        clock._hasEnded = false;

        // A request still being received shares its token with whoever sends its body, maybe beyond the response
        // headers (duplex streams): that token must never serve another request.
        var isReceived = requestReceived.IsCompleted;
        clock._isShared = isUpgrade || !isReceived;
        clock.LinkCaller();
        if (!deadline.AwaitsRequest)
        {
            return clock;
        }

        if (isReceived)
        {
            clock._deadline.RequestReceived(clock.Now);
        }
        else
        {
            _ = requestReceived.ContinueWith(
                static (_, clock) => ((RequestClock)clock!).OnRequestReceived(),
                clock,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously | TaskContinuationOptions.OnlyOnRanToCompletion,
                TaskScheduler.Default);
        }

        return clock;
    }

    /// <summary>Starts the clock of an attempt and returns the time that the request has left; null when nothing bounds it.</summary>
    /// <param name="perTry">Null: only the request's clock runs, as during a wait.</param>
    public TimeSpan? StartTry(TimeSpan? perTry)
    {
        lock (_lock)
        {
            var now = Now;
            if (_source.IsCancellationRequested && !_callerGone.IsCancellationRequested)
            {
                // The attempt before was cut by its own clock; the request goes on.
                _callerLink.Unregister();
                _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
                LinkCaller();
            }

            _tryDue = perTry is { } length ? Deadline.Sum(now, length) : Deadline.Never;
            Arm_NeedsLock(now);
            return _deadline.Left(now);
        }
    }

    /// <summary>Who cancelled <see cref="Token"/>; none when nobody did.</summary>
    public ProxyError WhoEnded()
    {
        if (!_source.IsCancellationRequested)
        {
            return ProxyError.None;
        }

        // The caller first: where both happened, blaming nobody is the safe answer.
        return _callerGone.IsCancellationRequested ? ProxyError.CallerGone
            : _tryDue < Deadline.Due ? ProxyError.PerTryTimeout
            : ProxyError.RequestTimeout;
    }

    /// <summary>An attempt that was cut says so in its transport's words; who cut it only the clock knows.</summary>
    public AttemptOutcome Attribute(in AttemptOutcome outcome) =>
        outcome.Error is ProxyError.CallerGone or ProxyError.UpstreamClosed or ProxyError.UpstreamProtocol
        && WhoEnded() is var who and not ProxyError.None
            ? outcome with { Error = who }
            : outcome;

    /// <summary>The engine's part is over: nothing is cut any more, and the clock goes back to its pool if nobody else can hold its token.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _hasEnded = true;
            var isUnlinked = !_callerGone.CanBeCanceled || _callerLink.Unregister();
            if (isUnlinked && !_isShared && _source.TryReset())
            {
                Return();
            }
            else
            {
                // Only stopped: a transport that is still sending a body may register with it.
                _source.CancelAfter(Timeout.InfiniteTimeSpan);
            }
        }
    }

    private static RequestClock Rent(TimeProvider time)
    {
        // Tests bring their own time; a pooled clock belongs to the time it was made for.
        return (ReferenceEquals(time, TimeProvider.System) ? t_idle?.TryTake() : null) ?? new RequestClock(time);
    }

    private void Return()
    {
        _callerGone = default;
        _callerLink = default;
        if (ReferenceEquals(_time, TimeProvider.System))
        {
            (t_idle ??= new LocalStack<RequestClock>()).TryGiveBack(this);
        }
    }

    private void LinkCaller() =>
        _callerLink = _callerGone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);

    private void OnRequestReceived()
    {
        lock (_lock)
        {
            if (!_hasEnded)
            {
                var now = Now;
                _deadline.RequestReceived(now);
                Arm_NeedsLock(now);
            }
        }
    }

    private void Arm_NeedsLock(TimeSpan now)
    {
        var due = _tryDue < _deadline.Due ? _tryDue : _deadline.Due;
        if (due == Deadline.Never)
        {
            _source.CancelAfter(Timeout.InfiniteTimeSpan);
            return;
        }

        var left = due - now;
        _source.CancelAfter(left < TimeSpan.Zero ? TimeSpan.Zero : left > LongestTimer ? Timeout.InfiniteTimeSpan : left);
    }
}
