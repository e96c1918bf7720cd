using FsCheck;
using FsCheck.Fluent;
using Sidecar.Proxy.Policies;

namespace Sidecar.Proxy.Tests.Policies;

public class SlidingCounterTests
{
    [Fact]
    public void Sum_EverySequenceOfSteps_EqualsANaiveCountOfTheSameBuckets() =>
        Prop.ForAll(Gen.Choose(0, 4000).ListOf().ToArbitrary(), steps =>
        {
            const int Buckets = 10;
            var counter = new SlidingCounter(TimeSpan.FromMilliseconds(100), Buckets);
            var events = new List<long>();
            var now = 0L;
            foreach (var step in steps)
            {
                // Every third step stands still; long steps jump over the whole window.
                now += step % 3 == 0 ? 0 : step;
                counter.Add(TimeSpan.FromMilliseconds(now));
                events.Add(now / 100);
                var expected = events.Count(bucket => bucket > (now / 100) - Buckets);
                if (counter.Sum(TimeSpan.FromMilliseconds(now)) != expected)
                {
                    return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Sum_WindowHasPassed_IsZero()
    {
        var counter = new SlidingCounter(TimeSpan.FromSeconds(1), 10);
        counter.Add(TimeSpan.Zero);

        Assert.Equal(1, counter.Sum(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1)));
        Assert.Equal(0, counter.Sum(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Add_ByAThreadThatReadTheClockEarlier_CountsIntoTheCurrentBucket()
    {
        var counter = new SlidingCounter(TimeSpan.FromSeconds(1), 10);

        counter.Add(TimeSpan.FromSeconds(5));
        counter.Add(TimeSpan.FromSeconds(3));

        Assert.Equal(2, counter.Sum(TimeSpan.FromSeconds(5)));
    }
}
