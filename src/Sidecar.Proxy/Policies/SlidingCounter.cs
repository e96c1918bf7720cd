namespace Sidecar.Proxy.Policies;

/// <summary>
/// How many events fell into the last stretch of time, in buckets: constant memory, no timer. With n buckets of
/// length b it covers between (n−1)·b and n·b. Not thread-safe: its owner's lock guards it.
/// </summary>
internal sealed class SlidingCounter
{
    private readonly int[] _buckets;
    private readonly long _bucketTicks;
    private long _current;
    private long _currentEnd;
    private int _sum;

    /// <summary>Starts empty at time zero of its owner.</summary>
    /// <param name="bucketLength">Resolution; at least one tick.</param>
    /// <param name="buckets">How many of them are kept, the current one included.</param>
    public SlidingCounter(TimeSpan bucketLength, int buckets)
    {
        _bucketTicks = Math.Max(1, bucketLength.Ticks);
        _buckets = new int[buckets];
        _currentEnd = _bucketTicks;
    }

    /// <summary>Counts one event.</summary>
    public void Add(TimeSpan now)
    {
        Advance(now);
        _buckets[_current % _buckets.Length]++;
        _sum++;
    }

    /// <summary>Events that are still inside.</summary>
    public int Sum(TimeSpan now)
    {
        Advance(now);
        return _sum;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_buckets);
        _sum = 0;
    }

    private void Advance(TimeSpan now)
    {
        // The common case is one comparison. A thread that read the clock a little earlier than another counts
        // into the current bucket: time never runs backwards here.
        if (now.Ticks < _currentEnd)
        {
            return;
        }

        var index = now.Ticks / _bucketTicks;
        var steps = Math.Min(index - _current, _buckets.Length);
        for (var step = 1; step <= steps; step++)
        {
            ref var expired = ref _buckets[(_current + step) % _buckets.Length];
            _sum -= expired;
            expired = 0;
        }

        _current = index;
        _currentEnd = (index + 1) * _bucketTicks;
    }
}
