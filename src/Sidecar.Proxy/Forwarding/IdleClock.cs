using Sidecar.Proxy.Pooling;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The clocks of a transfer: the gap between bytes (<c>idle</c>, <c>tunnelIdle</c>) and the longest life of a stream
/// (<c>stream</c>). Bytes only note the time; the timer looks at the note when it fires and goes to sleep for the rest,
/// so that a busy transfer costs one clock reading per chunk. A clock that is used again finds its timer running, mostly.
/// </summary>
public sealed class IdleClock : IDisposable
{
    [ThreadStatic]
    private static LocalStack<IdleClock>? t_idle;

    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private long _started;
    private TimeSpan? _idle;
    private TimeSpan? _total;
    private long _lastByte;

    // When the timer fires, with or without a transfer; 0: it does not run.
    private long _firesAt;
    private bool _ended = true;
    private CancellationTokenRegistration _callerLink;
    private bool _isLinked;

    private IdleClock(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static state => ((IdleClock)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A clock that runs; given back by <see cref="Dispose"/>.</summary>
    /// <param name="time">Clock.</param>
    /// <param name="idle">Longest gap; null is off.</param>
    public static IdleClock Start(TimeProvider time, TimeSpan? idle)
    {
        // Tests bring their own time; a pooled clock belongs to the time it was made for.
        var clock = (ReferenceEquals(time, TimeProvider.System) ? t_idle?.TryTake() : null) ?? new IdleClock(time);
        clock.Begin(idle);
        return clock;
    }

    /// <summary>Cancelled when a clock ran out.</summary>
    public CancellationToken Token => _cancellation.Token;

    /// <summary>Cancelled when a clock ran out, or the caller is gone. To be asked for once.</summary>
    /// <param name="callerGone">The caller's token.</param>
    public CancellationToken TokenWith(CancellationToken callerGone)
    {
        _isLinked = callerGone.CanBeCanceled;
        _callerLink = callerGone.UnsafeRegister(static clock => ((IdleClock)clock!).Cancel(), this);
        return _cancellation.Token;
    }

    /// <summary>Which clock ran out: <c>idle</c> or <c>stream</c>; null while none did.</summary>
    public string? Expired { get; private set; }

    /// <summary>What the log says of an expired clock.</summary>
    public static string Sentence(string expired) => expired == "stream"
        ? "The stream lived longer than the stream timeout."
        : "Nothing was heard for longer than the idle timeout.";

    /// <summary>A byte passed.</summary>
    /// <param name="now">The clock's time.</param>
    public void Touch(long now) => Volatile.Write(ref _lastByte, now);

    /// <summary>A byte passed just now.</summary>
    public void Touch() => Touch(_time.GetTimestamp());

    /// <summary>The kind of transfer became known: other clocks from here on.</summary>
    public void Change(TimeSpan? idle, TimeSpan? total)
    {
        var now = _time.GetTimestamp();
        Touch(now);
        lock (_lock)
        {
            _idle = idle;
            _total = total;
            Arm_NeedsLock(now);
        }

        if (Expired is not null)
        {
            Cancel();
        }
    }

    /// <summary>The transfer has ended; nothing fires any more, and nobody may hold <see cref="Token"/>.</summary>
    public void Dispose()
    {
        bool isReusable;
        lock (_lock)
        {
            _ended = true;
            isReusable = Expired is null;
        }

        // Unregister fails when the caller's leaving is being told in this very moment.
        isReusable &= !_isLinked || _callerLink.Unregister();
        (_isLinked, _callerLink) = (false, default);

        // The timer goes on: it finds the clock ended, or arms itself for the transfer that has it by then.
        if (isReusable && ReferenceEquals(_time, TimeProvider.System) && _cancellation.TryReset() && (t_idle ??= new LocalStack<IdleClock>()).TryGiveBack(this))
        {
            return;
        }

        _timer.Dispose();
        _cancellation.Dispose();
    }

    private void Begin(TimeSpan? idle)
    {
        lock (_lock)
        {
            _ended = false;
            _idle = idle;
            _total = null;
            _started = _lastByte = _time.GetTimestamp();
            Arm_NeedsLock(_started);
        }
    }

    private void Arm_NeedsLock(long now)
    {
        if (_ended)
        {
            return;
        }

        var idleLeft = _idle - _time.GetElapsedTime(Volatile.Read(ref _lastByte), now);
        var totalLeft = _total - _time.GetElapsedTime(_started, now);
        var next = idleLeft is { } i && totalLeft is { } t ? (i < t ? i : t) : idleLeft ?? totalLeft;
        if (next is not { } due)
        {
            return;
        }

        if (due <= TimeSpan.Zero)
        {
            _ended = true;
            Expired = totalLeft <= TimeSpan.Zero ? "stream" : "idle";
            return;
        }

        // A timer that fires earlier looks again then.
        var firesAt = now + (long)(due.TotalSeconds * _time.TimestampFrequency);
        if (_firesAt == 0 || firesAt < _firesAt)
        {
            _firesAt = firesAt;

            // Timers count whole milliseconds; rounding up never fires early.
            _timer.Change(due + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    private void Fire()
    {
        lock (_lock)
        {
            _firesAt = 0;
            if (_ended)
            {
                return;
            }

            Arm_NeedsLock(_time.GetTimestamp());
        }

        if (Expired is not null)
        {
            // Outside the lock: continuations run here.
            Cancel();
        }
    }

    private void Cancel()
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The transfer ended in this very moment.
        }
    }
}
