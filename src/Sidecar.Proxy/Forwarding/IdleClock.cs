using System.Collections.Concurrent;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The clocks of a transfer: the gap between bytes (<c>idle</c>, <c>tunnelIdle</c>) and the longest life of a stream
/// (<c>stream</c>). Bytes only note the time; the timer looks at the note when it fires and goes to sleep for the rest,
/// so that a busy transfer costs one clock reading per chunk.
/// </summary>
public sealed class IdleClock : IDisposable
{
    // As many as requests are in flight on a busy sidecar; beyond it clocks are made and dropped.
    private const int MostPooled = 1024;

    private static readonly ConcurrentQueue<IdleClock> Pool = new();
    private static int s_pooled;

    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private long _started;
    private TimeSpan? _idle;
    private TimeSpan? _total;
    private long _lastByte;
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
        IdleClock? clock = null;
        if (ReferenceEquals(time, TimeProvider.System) && Pool.TryDequeue(out clock))
        {
            Interlocked.Decrement(ref s_pooled);
        }

        clock ??= new IdleClock(time);
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
    public void Touch() => Volatile.Write(ref _lastByte, _time.GetTimestamp());

    /// <summary>The kind of transfer became known: other clocks from here on.</summary>
    public void Change(TimeSpan? idle, TimeSpan? total)
    {
        Touch();
        lock (_lock)
        {
            _idle = idle;
            _total = total;
            Arm_NeedsLock();
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

        if (isReusable && ReferenceEquals(_time, TimeProvider.System) && Volatile.Read(ref s_pooled) < MostPooled && _cancellation.TryReset())
        {
            Interlocked.Increment(ref s_pooled);

            // A timer that still fires finds the clock ended, or arms itself for the transfer that has it by then.
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Pool.Enqueue(this);
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
            Arm_NeedsLock();
        }
    }

    private void Arm_NeedsLock()
    {
        if (_ended)
        {
            return;
        }

        var idleLeft = _idle - _time.GetElapsedTime(Volatile.Read(ref _lastByte));
        var totalLeft = _total - _time.GetElapsedTime(_started);
        var next = idleLeft is { } i && totalLeft is { } t ? (i < t ? i : t) : idleLeft ?? totalLeft;
        if (next is not { } due)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        else if (due > TimeSpan.Zero)
        {
            // Timers count whole milliseconds; rounding up never fires early.
            _timer.Change(due + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
        else
        {
            _ended = true;
            Expired = totalLeft <= TimeSpan.Zero ? "stream" : "idle";
        }
    }

    private void Fire()
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            Arm_NeedsLock();
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
