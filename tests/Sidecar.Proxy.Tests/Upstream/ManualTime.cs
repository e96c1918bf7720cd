namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>
/// A clock that moves only when told to; timers fire inside <see cref="Advance"/>. The odd frequency exposes code that
/// takes a timestamp for ticks.
/// </summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _armed;
    private TimeSpan _now = TimeSpan.FromDays(1);

    public override long TimestampFrequency => 3_000_000;

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return (long)(_now.TotalSeconds * TimestampFrequency);
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return DateTimeOffset.UnixEpoch + _now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until this many timers were armed since the beginning: the code under test got as far as that.</summary>
    public Task WaitForArmedAsync(int total) => WaitAsync(() => _armed >= total);

    /// <summary>Waits until no timer is armed any more.</summary>
    public Task WaitForNoTimerAsync() => WaitAsync(() => _timers.Count == 0);

    private async Task WaitAsync(Func<bool> condition)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (condition())
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(Limits.Safety);
        }
    }

    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_lock)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            _timers.RemoveAll(due.Contains);
            Signal_NeedsLock();
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    private void Signal_NeedsLock()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.True(period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero, "Periodic timers are not used.");
            lock (time._lock)
            {
                time._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                    time._armed++;
                }

                time.Signal_NeedsLock();
            }

            return true;
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>Bounds of tests.</summary>
internal static class Limits
{
    /// <summary>No passing test comes near it.</summary>
    public static readonly TimeSpan Safety = TimeSpan.FromSeconds(30);
}
