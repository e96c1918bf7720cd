using FsCheck;
using FsCheck.Fluent;
using Sidecar.LoadGen.Pacing;

namespace Sidecar.LoadGen.Tests.Engine;

public sealed class ArrivalScheduleTests
{
    private static readonly Arbitrary<LoadPhase[]> Phases = Gen.Choose(0, 2000)
        .SelectMany(from => Gen.Choose(0, 2000).SelectMany(to => Gen.Choose(0, 2000).Select(
            milliseconds => LoadPhase.Ramp(from, to, TimeSpan.FromMilliseconds(milliseconds)))))
        .ListOf().Select(list => list.Take(4).ToArray()).ToArbitrary();

    [Fact]
    public void TryNext_AnyPhases_StartsInOrderInTimeAndAsManyAsTheAreaUnderTheRate() => Prop.ForAll(Phases, phases =>
    {
        var schedule = new ArrivalSchedule(phases);
        var starts = Take(schedule);
        Assert.InRange(starts.Length, phases.Sum(phase => phase.Starts) - 1, phases.Sum(phase => phase.Starts) + 1);
        Assert.Equal(starts.Order(), starts);
        Assert.All(starts, at => Assert.InRange(at, 0, schedule.Duration));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void TryNext_SteadyRate_GapsAreEven()
    {
        var starts = Take(new ArrivalSchedule([LoadPhase.Constant(1000, TimeSpan.FromSeconds(1))]));
        Assert.Equal(1000, starts.Length);
        Assert.All(starts.Zip(starts.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 999_999, 1_000_001));
    }

    [Fact]
    public void TryNext_Ramp_HalfOfTheTimeHasAQuarterOfTheStarts()
    {
        var starts = Take(new ArrivalSchedule([LoadPhase.Ramp(0, 1000, TimeSpan.FromSeconds(2))]));
        Assert.Equal(1000, starts.Length);
        Assert.Equal(250, starts.Count(at => at < 1_000_000_000));
    }

    [Fact]
    public void TryNext_PauseBetween_NothingStartsInIt()
    {
        var second = TimeSpan.FromSeconds(1);
        var starts = Take(new ArrivalSchedule([LoadPhase.Constant(100, second), LoadPhase.Constant(0, second), LoadPhase.Constant(100, second)]));
        Assert.Equal(200, starts.Length);
        Assert.DoesNotContain(starts, at => at is > 1_000_000_000 and < 2_000_000_000);
    }

    [Fact]
    public void TryNext_Poisson_HasTheRateAndUnevenGaps()
    {
        var starts = Take(new ArrivalSchedule([LoadPhase.Constant(1000, TimeSpan.FromSeconds(20))], new Random(3)));
        Assert.InRange(starts.Length, 19_500, 20_500);
        var gaps = starts.Zip(starts.Skip(1), (first, second) => second - first).ToArray();
        Assert.InRange(gaps.Count(gap => gap < 693_147) / (double)gaps.Length, 0.48, 0.52); // the median of an exponential
    }

    private static long[] Take(ArrivalSchedule schedule)
    {
        var starts = new List<long>();
        while (schedule.TryNext(out var at))
        {
            starts.Add(at);
        }

        return [.. starts];
    }
}
