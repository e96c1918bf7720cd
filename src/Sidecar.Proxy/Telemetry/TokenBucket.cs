namespace Sidecar.Proxy.Telemetry;

/// <summary>Allows so many per second, with a burst of one second's worth. Thread-safe.</summary>
internal sealed class TokenBucket(TimeProvider time, int perSecond)
{
    private readonly Lock _gate = new();
    private double _tokens = perSecond;
    private long _last = time.GetTimestamp();

    /// <summary>Takes one, if there is one.</summary>
    internal bool TryTake()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(perSecond, _tokens + (time.GetElapsedTime(_last, now).TotalSeconds * perSecond));
            _last = now;
            if (_tokens < 1)
            {
                return false;
            }

            _tokens--;
            return true;
        }
    }
}
