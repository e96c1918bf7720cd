namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// Latency estimate that jumps up to a peak at once and forgets it slowly: an exponentially weighted moving average in
/// time, after Finagle's peak EWMA. Thread-safe.
/// </summary>
public sealed class PeakEwma
{
    /// <summary>Estimate before anything was measured (30 ms, linkerd2-proxy's default round trip).</summary>
    public static readonly TimeSpan DefaultLatency = TimeSpan.FromMilliseconds(30);

    /// <summary>Time after which a measurement weighs 1/e (10 s, Finagle's and linkerd2-proxy's default).</summary>
    public static readonly TimeSpan Decay = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private double _seconds = DefaultLatency.TotalSeconds;
    private long _observedTimestamp;
    private bool _isObserved;

    /// <summary>An attempt was answered, or failed, after <paramref name="latency"/>.</summary>
    /// <param name="latency">Time from sending to response headers.</param>
    /// <param name="time">The clock; the same one on every call.</param>
    public void Observe(TimeSpan latency, TimeProvider time)
    {
        var now = time.GetTimestamp();
        var seconds = latency.TotalSeconds;
        lock (_lock)
        {
            var estimate = Estimate_NeedsLock(now, time, seconds);
            _seconds = Math.Max(estimate, seconds);

            // Another thread may have taken a later timestamp before it got the lock.
            _observedTimestamp = _isObserved ? Math.Max(_observedTimestamp, now) : now;
            _isObserved = true;
        }
    }

    /// <summary>The estimate now. It falls towards zero while nothing is measured, so that a destination once slow is tried again.</summary>
    /// <param name="time">The clock; the same one on every call.</param>
    public TimeSpan Read(TimeProvider time)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            return TimeSpan.FromSeconds(Estimate_NeedsLock(now, time, observed: 0));
        }
    }

    // What is left of the estimate after the time since it was last changed, drawn towards what is observed now.
    private double Estimate_NeedsLock(long now, TimeProvider time, double observed)
    {
        if (!_isObserved)
        {
            return _seconds;
        }

        var elapsed = Math.Max(0, time.GetElapsedTime(_observedTimestamp, now).TotalSeconds);
        var keep = Math.Exp(-elapsed / Decay.TotalSeconds);
        return (_seconds * keep) + (observed * (1 - keep));
    }
}
