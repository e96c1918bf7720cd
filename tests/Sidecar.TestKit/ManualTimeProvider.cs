namespace Sidecar.TestKit;

/// <summary>
/// A clock that moves only when a test says so. Timers (and with them <c>Task.Delay</c> and
/// <c>CancellationTokenSource</c> given this provider) fire inside <see cref="Advance"/>, in the order they are due,
/// each seeing exactly its own time. Thread-safe.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    // Eight timestamp units per tick: code that takes timestamps for ticks, or for nanoseconds, fails its tests,
    // while conversions stay exact, so that a boundary can be hit to the tick.
    private const long UnitsPerTick = 8;

    // An arbitrary origin: code that takes 0 for "never" or subtracts before it has a value fails too.
    private const long OriginTimestamp = 12_345_678_901;

    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private readonly DateTimeOffset _startedAt;
    private long _elapsedTicks;
    private long _sequence;

    /// <summary>Starts at noon of 2026-01-01, UTC.</summary>
    public ManualTimeProvider()
        : this(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Starts at a given wall-clock time.</summary>
    public ManualTimeProvider(DateTimeOffset start) => _startedAt = start.ToUniversalTime();

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond * UnitsPerTick;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How far the clock has moved since its creation.</summary>
    public TimeSpan Elapsed => new(Interlocked.Read(ref _elapsedTicks));

    /// <summary>Timers that are waiting to fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>Time until the next timer fires; null when none is waiting.</summary>
    public TimeSpan? NextDueIn
    {
        get
        {
            lock (_lock)
            {
                return Next_NeedsLock() is { } next ? TimeSpan.FromTicks(Math.Max(0, next.DueTicks - _elapsedTicks)) : null;
            }
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => OriginTimestamp + (Interlocked.Read(ref _elapsedTicks) * UnitsPerTick);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _startedAt + Elapsed;

    /// <summary>
    /// Moves the clock and fires every timer that becomes due, one after the other, on this thread. A timer that a
    /// callback creates within the span fires too.
    /// </summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var target = Interlocked.Read(ref _elapsedTicks) + by.Ticks;
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>Moves the clock to the next timer and fires it; false when none is waiting.</summary>
    public bool AdvanceToNextTimer()
    {
        if (NextDueIn is not { } next)
        {
            return false;
        }

        Advance(next);
        return true;
    }

    /// <summary>Completes once at least this many timers are waiting: how a test learns that the code under test has reached its wait.</summary>
    public Task WaitForTimersAsync(int count)
    {
        lock (_lock)
        {
            if (_timers.Count >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task;
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private ManualTimer? TakeDue(long targetTicks)
    {
        lock (_lock)
        {
            var next = Next_NeedsLock();
            if (next is null || next.DueTicks > targetTicks)
            {
                // Never backwards: a callback may have advanced the clock itself.
                Interlocked.Exchange(ref _elapsedTicks, Math.Max(_elapsedTicks, targetTicks));
                return null;
            }

            Interlocked.Exchange(ref _elapsedTicks, Math.Max(_elapsedTicks, next.DueTicks));
            if (next.PeriodTicks > 0)
            {
                next.DueTicks += next.PeriodTicks;
                next.Sequence = _sequence++;
            }
            else
            {
                _timers.Remove(next);
            }

            return next;
        }
    }

    private ManualTimer? Next_NeedsLock()
    {
        ManualTimer? next = null;
        foreach (var timer in _timers)
        {
            if (next is null || timer.DueTicks < next.DueTicks || (timer.DueTicks == next.DueTicks && timer.Sequence < next.Sequence))
            {
                next = timer;
            }
        }

        return next;
    }

    private bool Schedule(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            if (timer.IsDisposed)
            {
                return false;
            }

            _timers.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return true;
            }

            ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
            timer.DueTicks = _elapsedTicks + dueTime.Ticks;
            timer.PeriodTicks = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
            timer.Sequence = _sequence++;
            _timers.Add(timer);
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_timers.Count >= _waiters[i].Count)
                {
                    _waiters[i].Reached.TrySetResult();
                    _waiters.RemoveAt(i);
                }
            }

            return true;
        }
    }

    private void Remove(ManualTimer timer)
    {
        lock (_lock)
        {
            timer.IsDisposed = true;
            _timers.Remove(timer);
        }
    }

    /// <summary>One timer; its fields are guarded by the provider's lock.</summary>
    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        public long DueTicks { get; set; }

        public long PeriodTicks { get; set; }

        public long Sequence { get; set; }

        public bool IsDisposed { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Schedule(this, dueTime, period);

        public void Dispose() => clock.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
