namespace Sidecar.LoadGen.Recording;

/// <summary>A figure with its 95 % bootstrap interval.</summary>
public readonly record struct Interval(double Value, double Low, double High);

/// <summary>
/// The slices of one run, each target once in each round. Percentiles are taken from all slices of a target together;
/// the interval comes from drawing rounds again, so that a slow second weighs on every target of its round alike.
/// </summary>
public sealed class Comparison
{
    private const int Resamples = 1000;
    private readonly List<LatencyHistogram[]> _rounds = [];

    /// <summary>Starts with the names of the targets.</summary>
    public Comparison(IReadOnlyList<string> targets) => Targets = targets;

    /// <summary>In the order of a round's histograms.</summary>
    public IReadOnlyList<string> Targets { get; }

    /// <summary>How many rounds there are.</summary>
    public int Rounds => _rounds.Count;

    /// <summary>Adds a round: a histogram for each target.</summary>
    public void AddRound(LatencyHistogram[] round)
    {
        ArgumentNullException.ThrowIfNull(round);
        ArgumentOutOfRangeException.ThrowIfNotEqual(round.Length, Targets.Count);
        _rounds.Add(round);
    }

    /// <summary>All that a target did.</summary>
    public LatencyHistogram Pooled(int target)
    {
        var pooled = new LatencyHistogram();
        foreach (var round in _rounds)
        {
            pooled.Add(round[target]);
        }

        return pooled;
    }

    /// <summary>A percentile of a target less that of another, nanoseconds.</summary>
    public Interval Added(int target, int baseline, double percentile) =>
        Resampled([target, baseline], pooled => pooled[0].At(percentile) - pooled[1].At(percentile));

    /// <summary>What a target adds over a baseline, over what a reference adds to it.</summary>
    public Interval AddedRatio(int target, int reference, int baseline, double percentile) =>
        Resampled([target, reference, baseline], pooled =>
        {
            var direct = pooled[2].At(percentile);
            return (double)(pooled[0].At(percentile) - direct) / Math.Max(1, pooled[1].At(percentile) - direct);
        });

    /// <summary>A percentile, nanoseconds.</summary>
    public Interval At(int target, double percentile) => Resampled([target], pooled => pooled[0].At(percentile));

    // Seeded: one set of rounds gives one answer.
    private Interval Resampled(int[] targets, Func<LatencyHistogram[], double> figure)
    {
        if (_rounds.Count == 0)
        {
            return default;
        }

        var random = new Random(1);
        var pooled = Array.ConvertAll(targets, Pooled);
        var value = figure(pooled);
        var figures = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            Array.ForEach(pooled, histogram => histogram.Clear());
            for (var j = 0; j < _rounds.Count; j++)
            {
                var round = _rounds[random.Next(_rounds.Count)];
                for (var k = 0; k < targets.Length; k++)
                {
                    pooled[k].Add(round[targets[k]]);
                }
            }

            figures[i] = figure(pooled);
        }

        Array.Sort(figures);
        return new Interval(value, figures[(int)(Resamples * 0.025)], figures[(int)(Resamples * 0.975) - 1]);
    }
}
