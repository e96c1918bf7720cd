using System.Collections.Immutable;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// The numbers of one label combination. Written by request threads with interlocked adds, read at export at any moment:
/// the count of a histogram is the sum of its buckets, so that the two never disagree.
/// </summary>
public sealed class MetricSeries
{
    private readonly long[] _buckets;
    private long _value;
    private long _sumTicks;

    internal MetricSeries(MetricLabels labels, int bucketCount, KeyValuePair<string, object?>[] tags)
    {
        Labels = labels;
        Tags = tags;
        _buckets = new long[bucketCount];
    }

    /// <summary>The label values.</summary>
    public MetricLabels Labels { get; }

    /// <summary>The same for OpenTelemetry.</summary>
    internal KeyValuePair<string, object?>[] Tags { get; }

    /// <summary>The one series that takes what comes after the cap; it has no labels of its own.</summary>
    public bool IsOverflow { get; internal init; }

    /// <summary>A counter's value.</summary>
    public long Value => Volatile.Read(ref _value);

    /// <summary>Sum of a histogram's values, in seconds.</summary>
    public double SumSeconds => Volatile.Read(ref _sumTicks) / (double)TimeSpan.TicksPerSecond;

    /// <summary>Counts per bucket (not cumulative), the one above the last bound included.</summary>
    public void CopyBuckets(Span<long> target)
    {
        for (var i = 0; i < _buckets.Length; i++)
        {
            target[i] = Volatile.Read(ref _buckets[i]);
        }
    }

    /// <summary>Counts.</summary>
    internal void Add(long amount) => Interlocked.Add(ref _value, amount);

    /// <summary>Counts one value into its bucket; bounds are inclusive as Prometheus' <c>le</c> is.</summary>
    internal void Record(long ticks, ImmutableArray<long> boundTicks)
    {
        var bucket = 0;
        while (bucket < boundTicks.Length && ticks > boundTicks[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _buckets[bucket]);
        Interlocked.Add(ref _sumTicks, ticks);
    }
}
