namespace Sidecar.Proxy.Tests.Telemetry;

/// <summary>A clock that stands still until told; timers fire when it passes them. An odd frequency exposes wrong conversions.</summary>
internal sealed class TelemetryClock : TimeProvider
{
    private readonly object _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private TimeSpan _elapsed = TimeSpan.FromHours(1);

    public override long TimestampFrequency => 12_000_000;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => (long)(_elapsed.Ticks * (TimestampFrequency / (double)TimeSpan.TicksPerSecond));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_gate)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    public void Advance(TimeSpan by)
    {
        _now += by;
        _elapsed += by;
        List<ManualTimer> timers;
        lock (_gate)
        {
            timers = [.. _timers];
        }

        timers.ForEach(static timer => timer.FireIfDue());
    }

    /// <summary>The wall clock is set; the monotonic one goes on.</summary>
    public void SetWallClock(DateTimeOffset now) => _now = now;

    private sealed class ManualTimer(TelemetryClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan? _due;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = dueTime == Timeout.InfiniteTimeSpan ? null : clock._elapsed + dueTime;
            return true;
        }

        public void FireIfDue()
        {
            if (_due <= clock._elapsed)
            {
                _due = null;
                callback(state);
            }
        }

        public void Dispose() => _due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
