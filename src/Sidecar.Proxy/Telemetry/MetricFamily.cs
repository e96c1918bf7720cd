using System.Collections.Immutable;
using System.Numerics;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// All series of one counter or histogram. Reading is lock-free and allocates nothing; a series is created once, under a
/// lock, until the cap; beyond it everything goes to one overflow series. Series are never removed.
/// </summary>
public sealed class MetricFamily
{
    private static readonly KeyValuePair<string, object?>[] OverflowTags = [new("otel.metric.overflow", true)];

    private readonly Lock _growth = new();
    private readonly int _maxSeries;
    private readonly ImmutableArray<long> _boundTicks;
    private readonly MetricSeries _overflow;

    // Open addressing with linear probing, at most half full; replaced whole when it grows.
    private MetricSeries?[] _slots = new MetricSeries?[32];
    private int _count;
    private bool _hasOverflowed;

    internal MetricFamily(InstrumentDefinition definition, int maxSeries)
    {
        Definition = definition;
        _maxSeries = maxSeries;
        _boundTicks = [.. definition.Buckets.Select(static seconds => (long)Math.Round(seconds * TimeSpan.TicksPerSecond))];
        BucketCount = definition.Kind == InstrumentKind.Histogram ? _boundTicks.Length + 1 : 0;
        _overflow = new MetricSeries(new MetricLabels(""), BucketCount, OverflowTags) { IsOverflow = true };
    }

    /// <summary>Name, unit, labels.</summary>
    public InstrumentDefinition Definition { get; }

    /// <summary>Buckets of each series, the one above the last bound included; 0 for counters.</summary>
    public int BucketCount { get; }

    /// <summary>Every series that exists, in no particular order. Allocates.</summary>
    public IEnumerable<MetricSeries> Series
    {
        get
        {
            foreach (var series in Volatile.Read(ref _slots))
            {
                if (series is not null)
                {
                    yield return series;
                }
            }

            if (Volatile.Read(ref _hasOverflowed))
            {
                yield return _overflow;
            }
        }
    }

    /// <summary>Counts.</summary>
    internal void Add(in MetricLabels labels, long amount = 1) => Find(labels).Add(amount);

    /// <summary>Records a duration; a negative one is zero.</summary>
    internal MetricSeries Record(in MetricLabels labels, TimeSpan duration)
    {
        var series = Find(labels);
        series.Record(Math.Max(0, duration.Ticks), _boundTicks);
        return series;
    }

    private MetricSeries Find(in MetricLabels labels)
    {
        var hash = labels.GetHashCode();
        return Probe(Volatile.Read(ref _slots), labels, hash, out _) ?? Create(labels, hash);
    }

    private static MetricSeries? Probe(MetricSeries?[] slots, in MetricLabels labels, int hash, out int free)
    {
        for (var i = hash & (slots.Length - 1); ; i = (i + 1) & (slots.Length - 1))
        {
            var series = Volatile.Read(ref slots[i]);
            if (series is null || series.Labels.Equals(labels))
            {
                free = i;
                return series;
            }
        }
    }

    private MetricSeries Create(in MetricLabels labels, int hash)
    {
        lock (_growth)
        {
            if (Probe(_slots, labels, hash, out var free) is { } existing)
            {
                return existing;
            }

            if (_count >= _maxSeries)
            {
                Volatile.Write(ref _hasOverflowed, true);
                return _overflow;
            }

            if ((_count + 1) * 2 > _slots.Length)
            {
                Grow();
                Probe(_slots, labels, hash, out free);
            }

            var series = new MetricSeries(labels, BucketCount, labels.ToTags(Definition.Labels));
            _count++;
            Volatile.Write(ref _slots[free], series);
            return series;
        }
    }

    private void Grow()
    {
        var slots = new MetricSeries?[(int)BitOperations.RoundUpToPowerOf2((uint)_slots.Length * 2)];
        foreach (var series in _slots)
        {
            if (series is not null)
            {
                Probe(slots, series.Labels, series.Labels.GetHashCode(), out var free);
                slots[free] = series;
            }
        }

        Volatile.Write(ref _slots, slots);
    }
}
