using System.Numerics;

namespace Sidecar.LoadGen.Recording;

/// <summary>
/// Counts of durations in nanoseconds, log-linear like HdrHistogram: 256 steps in each power of two, so that a value is
/// told to 0.4 %. Recording is two shifts and an increment and allocates nothing; two histograms add up exactly.
/// One thread writes.
/// </summary>
public sealed class LatencyHistogram
{
    private const int StepBits = 8;
    private const int Steps = 1 << StepBits;

    /// <summary>The longest duration that is told apart, 78 hours; what is longer counts as this.</summary>
    public const long Largest = (1L << 48) - 1;

    private readonly long[] _counts = new long[IndexOf(Largest) + 1];
    private double _sum;

    /// <summary>Recorded values.</summary>
    public long Count { get; private set; }

    /// <summary>Smallest value recorded, exact; 0 when empty.</summary>
    public long Min { get; private set; }

    /// <summary>Largest value recorded, exact; 0 when empty.</summary>
    public long Max { get; private set; }

    /// <summary>Mean, exact; 0 when empty.</summary>
    public double Mean => Count == 0 ? 0 : _sum / Count;

    /// <summary>Adds a duration; a negative one counts as 0.</summary>
    public void Record(long nanoseconds) => Record(nanoseconds, 1);

    /// <summary>Adds a duration several times.</summary>
    public void Record(long nanoseconds, long times)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        var value = Math.Clamp(nanoseconds, 0, Largest);
        _counts[IndexOf(value)] += times;
        Min = Count == 0 ? value : Math.Min(Min, value);
        Max = Math.Max(Max, value);
        Count += times;
        _sum += (double)value * times;
    }

    /// <summary>Adds all that another one recorded.</summary>
    public void Add(LatencyHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count == 0)
        {
            return;
        }

        // Only the part that is in use: bootstrapping adds thousands of these.
        var last = IndexOf(other.Max);
        for (var i = IndexOf(other.Min); i <= last; i++)
        {
            _counts[i] += other._counts[i];
        }

        Min = Count == 0 ? other.Min : Math.Min(Min, other.Min);
        Max = Math.Max(Max, other.Max);
        Count += other.Count;
        _sum += other._sum;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        if (Count == 0)
        {
            return;
        }

        Array.Clear(_counts, IndexOf(Min), IndexOf(Max) - IndexOf(Min) + 1);
        (Count, Min, Max, _sum) = (0, 0, 0, 0);
    }

    /// <summary>The value below or at which this share of the recorded values lies, to 0.4 %; 0 when empty.</summary>
    /// <param name="percentile">0–100.</param>
    public long At(double percentile)
    {
        if (Count == 0)
        {
            return 0;
        }

        var rank = Math.Clamp((long)Math.Ceiling(Count * percentile / 100), 1, Count);
        if (rank == 1)
        {
            return Min;
        }

        long seen = 0;
        var last = IndexOf(Max);
        for (var i = IndexOf(Min); i <= last; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                // Within a step the values are taken to be spread evenly, so that a difference of two percentiles
                // does not jump by a whole step.
                var into = (double)(rank - (seen - _counts[i])) / _counts[i];
                return Math.Clamp((long)(LowestOf(i) + (into * (WidthOf(i) - 1))), Min, Max);
            }
        }

        return Max;
    }

    /// <summary>How many values are certainly above a bound: whole steps only.</summary>
    public long CountAbove(long nanoseconds)
    {
        long above = 0;
        for (var i = IndexOf(Math.Clamp(nanoseconds, 0, Largest)) + 1; i < _counts.Length; i++)
        {
            above += _counts[i];
        }

        return above;
    }

    /// <summary>The root of the mean square distance to the mean, from the middles of the steps.</summary>
    public double StandardDeviation()
    {
        if (Count == 0)
        {
            return 0;
        }

        double squares = 0;
        for (var i = IndexOf(Min); i <= IndexOf(Max); i++)
        {
            var distance = LowestOf(i) + ((WidthOf(i) - 1) / 2.0) - Mean;
            squares += _counts[i] * distance * distance;
        }

        return Math.Sqrt(squares / Count);
    }

    private static int IndexOf(long value)
    {
        var octave = Math.Max(0, 63 - BitOperations.LeadingZeroCount((ulong)value) - StepBits);
        return (octave << StepBits) + (int)(value >> octave);
    }

    private static int OctaveOf(int index) => index < 2 * Steps ? 0 : (index >> StepBits) - 1;

    private static long LowestOf(int index)
    {
        var octave = OctaveOf(index);
        return (long)(index - (octave << StepBits)) << octave;
    }

    private static long WidthOf(int index) => 1L << OctaveOf(index);
}
