using FsCheck;
using FsCheck.Fluent;
using Sidecar.LoadGen.Recording;

namespace Sidecar.LoadGen.Tests.Recording;

public sealed class LatencyHistogramTests
{
    // Durations of every size: a uniform draw would hardly ever be short.
    private static readonly Arbitrary<long[]> Durations = Gen.Choose(0, 40)
        .SelectMany(bits => Gen.Choose(0, int.MaxValue).Select(draw => (long)((1L << bits) * (draw / (double)int.MaxValue))))
        .NonEmptyListOf().Select(list => list.ToArray()).ToArbitrary();

    [Fact]
    public void At_AnyValues_IsWithinOnePercentOfTheExactPercentile() => Prop.ForAll(Durations, values =>
    {
        var histogram = Of(values);
        var sorted = values.Order().ToArray();
        foreach (var percentile in (double[])[0, 10, 50, 90, 99, 99.9, 100])
        {
            var exact = sorted[Math.Clamp((int)Math.Ceiling(sorted.Length * percentile / 100) - 1, 0, sorted.Length - 1)];
            Assert.InRange(histogram.At(percentile), exact * 0.99, (exact * 1.01) + 1);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Add_TwoHistograms_EqualsOneOfAllValues() => Prop.ForAll(Durations, Durations, (first, second) =>
    {
        var sum = Of(first);
        sum.Add(Of(second));
        var all = Of([.. first, .. second]);
        Assert.Equal((all.Count, all.Min, all.Max), (sum.Count, sum.Min, sum.Max));
        Assert.Equal(all.Mean, sum.Mean, Math.Max(1, all.Mean) * 1e-9);
        for (var percentile = 0; percentile <= 100; percentile++)
        {
            Assert.Equal(all.At(percentile), sum.At(percentile));
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void At_GrowingPercentiles_NeverShrinks() => Prop.ForAll(Durations, values =>
    {
        var histogram = Of(values);
        var last = 0L;
        for (var percentile = 0.0; percentile <= 100; percentile += 0.5)
        {
            var value = histogram.At(percentile);
            Assert.True(value >= last);
            last = value;
        }

        Assert.Equal(histogram.Max, histogram.At(100));
        Assert.Equal(histogram.Min, histogram.At(0));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Clear_AnyValues_LeavesNothing() => Prop.ForAll(Durations, Durations, (first, second) =>
    {
        var histogram = Of(first);
        histogram.Clear();
        Assert.Equal((0L, 0L, 0L), (histogram.Count, histogram.At(99), histogram.CountAbove(0)));
        Array.ForEach(second, histogram.Record);
        Assert.Equal(Of(second).At(50), histogram.At(50));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Record_BeyondTheRange_CountsAtItsEnds()
    {
        var histogram = Of(-5, long.MaxValue);
        Assert.Equal((2L, 0L, LatencyHistogram.Largest), (histogram.Count, histogram.Min, histogram.Max));
    }

    [Fact]
    public void CountAbove_HalfOfTheValues_CountsThem()
    {
        var histogram = Of([.. Enumerable.Range(1, 1000).Select(i => i * 1_000_000L)]);
        Assert.InRange(histogram.CountAbove(500_000_000), 490, 510);
    }

    [Fact]
    public void Record_Always_AllocatesNothing()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            histogram.Record(i * 7919L);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Comparison_TargetThatAddsAFixedTime_SaysThatTimeInsideItsInterval()
    {
        var comparison = new Comparison(["direct", "proxy"]);
        var random = new Random(7);
        for (var round = 0; round < 20; round++)
        {
            var (direct, proxy) = (new LatencyHistogram(), new LatencyHistogram());
            for (var i = 0; i < 500; i++)
            {
                var latency = 100_000 + random.Next(20_000) + (round * 1_000); // rounds differ, as on a busy machine
                direct.Record(latency);
                proxy.Record(latency + 80_000);
            }

            comparison.AddRound([direct, proxy]);
        }

        var added = comparison.Added(1, 0, 50);
        Assert.InRange(added.Value, 78_000, 82_000);
        Assert.InRange(80_000, added.Low - 1_000, added.High + 1_000);
        Assert.InRange(added.High - added.Low, 0, 4_000);
    }

    private static LatencyHistogram Of(params long[] values)
    {
        var histogram = new LatencyHistogram();
        Array.ForEach(values, histogram.Record);
        return histogram;
    }
}
