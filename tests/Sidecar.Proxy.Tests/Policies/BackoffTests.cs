using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

public class BackoffTests
{
    [Theory]
    [InlineData(1, 25)]
    [InlineData(2, 50)]
    [InlineData(3, 100)]
    [InlineData(4, 200)]
    [InlineData(5, 250)]
    [InlineData(10, 250)]
    public void Ceiling_EachRetry_DoublesUpToTheMaximum(int retry, int milliseconds) =>
        Assert.Equal(Milliseconds(milliseconds), Backoff.Ceiling(Retry.Backoff, retry));

    [Fact]
    public void Wait_AnyPolicyRetryAndChance_StaysWithinItsBounds() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).Three().ToArbitrary(), input =>
        {
            var policy = new BackoffPolicy(Milliseconds(input.Item1 % 10_000), Milliseconds(input.Item2 % 60_000));
            var retry = 1 + (input.Item3 % 10);

            var wait = Backoff.Wait(policy, retry, new SeededRandom(input.Item3));

            return wait >= TimeSpan.Zero && wait <= policy.Max && wait <= policy.Base * Math.Pow(2, retry - 1);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Wait_ManyDraws_FillTheWholeRange()
    {
        var random = new SeededRandom(7);

        var waits = Enumerable.Range(0, 1000).Select(_ => Backoff.Wait(Retry.Backoff, 1, random).TotalMilliseconds).ToList();

        Assert.InRange(waits.Min(), 0, 1);
        Assert.InRange(waits.Max(), 24, 25);
        Assert.InRange(waits.Average(), 11, 14);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 1.25)]
    [InlineData(1, 1.5)]
    public void AfterRetryAfter_AnyChance_IsNeverShorterThanAskedAndAtMostHalfLonger(double chance, double seconds) =>
        Assert.Equal(Seconds(seconds), Backoff.AfterRetryAfter(Seconds(1), new FixedRandom(chance)));
}
