using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Tests.Upstream;

namespace Sidecar.Proxy.Tests.LoadBalancing;

/// <summary>What sets the algorithms apart.</summary>
public class AlgorithmTests
{
    [Fact]
    public void PowerOfTwoChoices_OneBusier_IsAvoidedWheneverDrawnWithAnother()
    {
        var set = Destinations.Of(1, 1, 1);
        set.All[0].Enter();
        var balancer = new PowerOfTwoChoicesLoadBalancer(new SeededRandom(1));

        var counts = balancer.Count(set, 3_000);

        Assert.Equal(0, counts[0]);
    }

    [Theory]
    [InlineData(LoadBalancingKind.PowerOfTwoChoices)]
    [InlineData(LoadBalancingKind.LeastRequests)]
    public void LoadAware_RequestsThatStay_SpreadByWeight(LoadBalancingKind kind)
    {
        var set = Destinations.Of(1, 2, 7);
        var balancer = LoadBalancers.Create(kind, new SeededRandom(2), TimeProvider.System);

        balancer.Count(set, 1_000, onPick: destination => destination.Enter());

        Assert.InRange(set.All[0].InFlight, 80, 120);
        Assert.InRange(set.All[1].InFlight, 180, 220);
        Assert.InRange(set.All[2].InFlight, 670, 730);
    }

    [Fact]
    public void LeastRequests_RequestsThatStay_NeverDifferByMoreThanOne()
    {
        var set = Destinations.Of(1, 1, 1, 1);
        var balancer = new LeastRequestsLoadBalancer(new SeededRandom(3));

        balancer.Count(set, 1_002, onPick: destination => destination.Enter());

        Assert.All(set.All, destination => Assert.InRange(destination.InFlight, 250, 251));
    }

    [Fact]
    public void RoundRobin_Weights511_InterleavesSmoothly()
    {
        var set = Destinations.Of(5, 1, 1);
        var balancer = new RoundRobinLoadBalancer(new SeededRandom(4));

        var turns = string.Concat(Enumerable.Range(0, 14).Select(_ => "abc"[set.All.IndexOf(balancer.Pick(set, default)!)]));

        // The example of nginx's change that introduced the algorithm.
        Assert.Equal("aabacaaaabacaa", turns);
    }

    [Fact]
    public void RoundRobin_SetChanges_GoesOn()
    {
        var balancer = new RoundRobinLoadBalancer(new SeededRandom(5));
        balancer.Count(Destinations.Of(1, 1, 1), 5);

        Assert.Equal([2, 2, 0], balancer.Count(Destinations.Of(1, 1), 4));
    }

    [Fact]
    public void RingHash_SameHash_SameDestination()
    {
        var set = Destinations.Of(1, 1, 1, 1, 1);
        var balancer = new RingHashLoadBalancer(new SeededRandom(6));

        for (var hash = 0u; hash < 200; hash++)
        {
            var request = new PickRequest(null, null, hash);
            var first = balancer.Pick(set, request);
            Assert.Same(first, balancer.Pick(set, request));
            Assert.Same(first, new RingHashLoadBalancer(new SeededRandom(7)).Pick(set, request));
        }
    }

    [Fact]
    public void RingHash_OneLeaves_MovesOnlyItsKeys()
    {
        var set = Destinations.Of(1, 1, 1, 1, 1);
        var without = new DestinationSet(set.All.RemoveAt(2));
        var balancer = new RingHashLoadBalancer(new SeededRandom(8));
        var moved = 0;
        for (var hash = 0u; hash < 10_000; hash++)
        {
            var before = balancer.Pick(set, new PickRequest(null, null, hash));

            // Excluded by a filter and gone from the set must mean the same to a key.
            var excluded = balancer.Pick(set, new PickRequest(Destinations.Shares(set, 1, 1, 0, 1, 1), null, hash));
            if (before != set.All[2])
            {
                Assert.Same(before, excluded);
            }
        }

        var other = new RingHashLoadBalancer(new SeededRandom(9));
        for (var hash = 0u; hash < 10_000; hash++)
        {
            var before = balancer.Pick(set, new PickRequest(null, null, hash));
            moved += before != set.All[2] && before != other.Pick(without, new PickRequest(null, null, hash)) ? 1 : 0;
        }

        Assert.Equal(0, moved);
    }

    [Fact]
    public void HashRing_ManyDestinations_StaysBounded()
    {
        var ring = new HashRing(Destinations.Of([.. Enumerable.Range(0, 200).Select(i => (i % 5) + 1)]));

        Assert.InRange(ring.Count, 200, HashRing.MaxPoints);
    }

    [Fact]
    public void PeakEwma_OneSlow_GetsNextToNothing()
    {
        var time = new ManualTime();
        var set = Destinations.Of(1, 1);
        set.All[0].Latency.Observe(TimeSpan.FromSeconds(1), time);
        set.All[1].Latency.Observe(TimeSpan.FromMilliseconds(5), time);

        var counts = new PeakEwmaLoadBalancer(new SeededRandom(10), time).Count(set, 1_000);

        Assert.Equal([0, 1_000, 0], counts);
    }

    [Fact]
    public void PeakEwmaEstimate_Unmeasured_IsTheDefault() =>
        Assert.Equal(PeakEwma.DefaultLatency, new PeakEwma().Read(new ManualTime()));

    [Fact]
    public void PeakEwmaEstimate_Peak_IsTakenAtOnceAndForgottenByTheDecay()
    {
        var time = new ManualTime();
        var estimate = new PeakEwma();

        estimate.Observe(TimeSpan.FromSeconds(2), time);
        Assert.Equal(2, estimate.Read(time).TotalSeconds, 3);

        time.Advance(PeakEwma.Decay);
        Assert.Equal(2 / Math.E, estimate.Read(time).TotalSeconds, 3);

        estimate.Observe(TimeSpan.FromMilliseconds(1), time);
        Assert.Equal(2 / Math.E, estimate.Read(time).TotalSeconds, 3);
    }

    [Fact]
    public void SystemRandomSource_ManyDraws_AreUniformAndInBounds()
    {
        var random = new SystemRandomSource();
        var counts = new int[10];
        for (var i = 0; i < 100_000; i++)
        {
            counts[random.Next(10)]++;
            Assert.InRange(random.NextDouble(), 0, 0.9999999999999999);
        }

        // Ten standard deviations.
        Assert.All(counts, count => Assert.InRange(count, 9_050, 10_950));
        Assert.Equal(100, Enumerable.Range(0, 100).Select(_ => random.NextInt64()).Distinct().Count());
    }

    [Fact]
    public void SystemRandomSource_NoBound_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SystemRandomSource().Next(0));
}
