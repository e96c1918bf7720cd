using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Tests.LoadBalancing;

/// <summary>What holds for every algorithm.</summary>
public class LoadBalancersTests
{
    public static TheoryData<LoadBalancingKind> Kinds => [.. Enum.GetValues<LoadBalancingKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pick_AnySituation_RespectsShareHealthAndAvoid(LoadBalancingKind kind)
    {
        // Per destination: weight, share in tenths (0 is excluded), health, requests in flight; and one to avoid.
        var destination = Gen.Choose(1, 9).Zip(Gen.Elements(0, 0, 1, 5, 10, 10)).Zip(Gen.Elements(0, 1, 2)).Zip(Gen.Choose(0, 5));
        var situations = destination.ListOf().Zip(Gen.Choose(0, 12)).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary();
        Prop.ForAll(situations, situation =>
        {
            var ((rows, avoidIndex), seed) = situation;
            var set = Destinations.Of([.. rows.Select(row => row.Item1.Item1.Item1)]);
            var shares = rows.Select(row => row.Item1.Item1.Item2 / 10.0).ToArray();
            for (var i = 0; i < shares.Length; i++)
            {
                set.All[i].Health = (DestinationHealth)rows[i].Item1.Item2;
                for (var n = 0; n < rows[i].Item2; n++)
                {
                    set.All[i].Enter();
                }
            }

            var avoid = avoidIndex < shares.Length ? set.All[avoidIndex] : null;
            var panic = set.All.All(d => d.Health == DestinationHealth.Unhealthy);
            var selectable = set.All.Where((d, i) => shares[i] > 0 && (panic || d.Health != DestinationHealth.Unhealthy)).ToHashSet();
            var balancer = LoadBalancers.Create(kind, new SeededRandom(seed), TimeProvider.System);
            var request = new PickRequest(Destinations.Shares(set, shares), avoid, (uint)seed);

            for (var n = 0; n < 20; n++)
            {
                var picked = balancer.Pick(set, request with { Hash = request.Hash + (uint)n });
                if (picked is null ? selectable.Count > 0 : !selectable.Contains(picked))
                {
                    return false;
                }

                if (picked is not null && picked == avoid && selectable.Count > 1)
                {
                    return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pick_IdleDestinationsOfDifferentWeight_FollowsWeights(LoadBalancingKind kind)
    {
        var set = Destinations.Of(1, 3, 6);
        var balancer = LoadBalancers.Create(kind, new SeededRandom(1), TimeProvider.System);
        var request = new PickRequest { Hash = 77 };

        var counts = balancer.Count(set, 10_000, request);

        // peakEwma and the two-choice draw see all idle: the first draw decides, exactly by weight.
        var tolerance = kind == LoadBalancingKind.RingHash ? 0.15 : 0.05;
        Assert.InRange(counts[0], 1_000 * (1 - (2 * tolerance)), 1_000 * (1 + (2 * tolerance)));
        Assert.InRange(counts[1], 3_000 * (1 - tolerance), 3_000 * (1 + tolerance));
        Assert.InRange(counts[2], 6_000 * (1 - tolerance), 6_000 * (1 + tolerance));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pick_OneRampsUp_GetsItsShareOfItsShare(LoadBalancingKind kind)
    {
        var set = Destinations.Of(1, 1);
        var balancer = LoadBalancers.Create(kind, new SeededRandom(2), TimeProvider.System);

        var counts = balancer.Count(set, 10_000, new PickRequest(Destinations.Shares(set, 1, 0.2), null, 0));

        Assert.InRange(counts[1], 800, 1_200);
        Assert.Equal(0, counts[2]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pick_OnlyOneLeftAndRamping_IsNeverRefused(LoadBalancingKind kind)
    {
        var set = Destinations.Of(1, 1);
        var balancer = LoadBalancers.Create(kind, new SeededRandom(3), TimeProvider.System);

        var counts = balancer.Count(set, 500, new PickRequest(Destinations.Shares(set, 0, 0.01), null, 0));

        Assert.Equal([0, 500, 0], counts);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pick_EmptySet_IsNull(LoadBalancingKind kind) =>
        Assert.Null(LoadBalancers.Create(kind, new SeededRandom(4), TimeProvider.System).Pick(Destinations.Of(), default));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pick_MoreThanFitOnTheStack_ReachesAll(LoadBalancingKind kind)
    {
        var set = Destinations.Of([.. Enumerable.Repeat(1, 100)]);
        var balancer = LoadBalancers.Create(kind, new SeededRandom(5), TimeProvider.System);

        var counts = balancer.Count(set, 20_000);

        Assert.All(counts[..100], count => Assert.True(count > 0));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pick_AfterWarmUp_DoesNotAllocate(LoadBalancingKind kind)
    {
        var set = Destinations.Of(1, 2, 3, 4);
        var balancer = LoadBalancers.Create(kind, new SeededRandom(6), TimeProvider.System);
        balancer.Pick(set, default);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0u; i < 1_000; i++)
        {
            balancer.Pick(set, new PickRequest(null, null, i));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
