using Sidecar.LoadGen.Commands;
using Sidecar.LoadGen.Recording;

namespace Sidecar.LoadGen.Tests.Recording;

/// <summary>Which requests met a machine that had been slowed down; milliseconds are the script's, one probe each.</summary>
public sealed class MachinePaceTests
{
    private const long Millisecond = 1_000_000;
    private const long Usual = 2000;

    [Fact]
    public void Stretch_LastsFromTheLastProbeAtFullPaceToTheFirstOneAfter()
    {
        var pace = Run(1000, slowFrom: 300, slowTo: 330);

        Assert.Equal([((299 * Millisecond) + Usual, 330 * Millisecond)], pace.Stretches);
        Assert.InRange(pace.SlowShare, 0.030, 0.032);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(293, true)]
    [InlineData(295, false)] // 5 ms before: was under way in it
    [InlineData(315, false)]
    [InlineData(330, false)]
    [InlineData(430, false)] // what had queued
    [InlineData(431, true)]
    [InlineData(699, false)] // the second one has hardly ended
    [InlineData(999, true)]
    public void Start_NearAStretch_IsNotAtFullPace(int millisecond, bool isFull)
    {
        var pace = Run(1000, slowFrom: 300, slowTo: 330, againFrom: 600, againTo: 690);

        Assert.Equal(2, pace.Stretches.Count);
        Assert.Equal(isFull, pace.IsFullAt(millisecond * Millisecond));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)] // two interrupts
    public void FewSlowProbesInARow_AreNoStretch(int count) => Assert.Empty(Run(1000, slowFrom: 300, slowTo: 300 + count).Stretches);

    [Fact]
    public void ClockOfTheCpuVaries_IsNoStretch()
    {
        var pace = new MachinePace(TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 100; i++)
        {
            pace.Record(i * Millisecond, (i * Millisecond) + (i < 60 ? Usual : Usual * 3 / 2));
        }

        Assert.Empty(pace.Stretches);
        Assert.Equal(0, pace.SlowShare);
    }

    [Fact]
    public void SlowAtBothEnds_ReachesToTheEnds()
    {
        var pace = Run(1000, slowFrom: 0, slowTo: 10, againFrom: 990, againTo: 1000);

        Assert.Equal([(0, 10 * Millisecond), ((989 * Millisecond) + Usual, (999 * Millisecond) + (10 * Usual))], pace.Stretches);
        Assert.False(pace.IsFullAt(0));
        Assert.False(pace.IsFullAt(2000 * Millisecond / 2));
    }

    [Fact]
    public void NotTold_IsFull()
    {
        var pace = new MachinePace(TimeSpan.Zero);

        Assert.Equal((0, 0.0, true), (pace.Stretches.Count, pace.SlowShare, pace.IsFullAt(5)));
    }

    [Theory]
    [InlineData(30, 100, null)]
    [InlineData(300, 100, "for 30 % of the time")]
    [InlineData(30, 49, "of 100 requests to a only 49 found the machine at full pace")]
    [InlineData(30, 50, null)]
    public void SlowForLongOrForMostRequests_IsVoid(int slowFor, int kept, string? because)
    {
        var reason = Measure.VoidBecause(Run(1000, slowFrom: 300, slowTo: 300 + slowFor), Requests(100), Requests(kept));

        Assert.Equal(because is null, reason is null);
        Assert.Contains(because ?? "", reason ?? "", StringComparison.Ordinal);
    }

    private static Comparison Requests(int count)
    {
        var (comparison, histogram) = (new Comparison(["a"]), new LatencyHistogram());
        histogram.Record(1, count);
        comparison.AddRound([histogram]);
        return comparison;
    }

    private static MachinePace Run(int milliseconds, int slowFrom, int slowTo, int againFrom = int.MaxValue, int againTo = int.MaxValue)
    {
        var pace = new MachinePace(TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < milliseconds; i++)
        {
            var isSlow = (i >= slowFrom && i < slowTo) || (i >= againFrom && i < againTo);
            pace.Record(i * Millisecond, (i * Millisecond) + (isSlow ? 10 * Usual : Usual));
        }

        return pace;
    }
}
