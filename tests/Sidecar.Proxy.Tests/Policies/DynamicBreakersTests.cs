using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>Names may resolve to anything; memory does not follow.</summary>
public class DynamicBreakersTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly DynamicBreakers _dynamic = new(capacity: 3);

    [Fact]
    public void TryAdd_Full_TakesTheClosedOneThatWasIdleLongest()
    {
        var guards = Enumerable.Range(0, 4).Select(NewGuard).ToList();
        Assert.All(guards.Take(3), guard => Assert.True(_dynamic.TryAdd(guard)));
        foreach (var used in new[] { 1, 0, 2 })
        {
            _clock.Advance(Seconds(1));
            guards[used].Breaker!.TryEnter(out var permit);
            permit.Settle(CallResult.Success, TimeSpan.Zero);
        }

        Assert.True(_dynamic.TryAdd(guards[3]));

        Assert.Null(guards[1].Breaker);
        Assert.Equal(3, _dynamic.Count);
    }

    [Fact]
    public void TryAdd_FullOfTrippedOnes_IsRefused()
    {
        var guards = Enumerable.Range(0, 4).Select(NewGuard).ToList();
        foreach (var guard in guards.Take(3))
        {
            _dynamic.TryAdd(guard);
            guard.Breaker!.TryEnter(out var permit);
            permit.Settle(CallResult.Failure, TimeSpan.Zero);
        }

        Assert.False(_dynamic.TryAdd(guards[3]));
        Assert.All(guards.Take(3), guard => Assert.Equal(BreakerState.Open, guard.Breaker!.State));
    }

    [Fact]
    public void Engine_MoreAddressesThanTheCap_ServesThemAllAndStaysWithinIt()
    {
        var test = new EngineUnderTest(new Sidecar.Configuration.Effective.RoutePolicy(Timeouts, null, ExactBreaker), destinations: 1100, isDynamic: true);

        for (var i = 0; i < 1100; i++)
        {
            Assert.Equal(200, test.Call(EngineUnderTest.Ok).Status);
        }

        Assert.Equal(DynamicBreakers.DefaultCapacity, test.Owner.Dynamic.Count);
    }

    [Fact]
    public void Engine_Retired_GivesItsShareBack()
    {
        var test = new EngineUnderTest(new Sidecar.Configuration.Effective.RoutePolicy(Timeouts, null, ExactBreaker), destinations: 5, isDynamic: true);
        test.Call(EngineUnderTest.Ok);
        Assert.Equal(5, test.Owner.Dynamic.Count);

        test.Engine.Retire();
        test.Destinations = new DestinationSet([.. test.Destinations.All, EngineUnderTest.NewDestination("late", isDynamic: true)]);
        test.Call(EngineUnderTest.Ok);

        Assert.Equal(0, test.Owner.Dynamic.Count);
    }

    private DestinationGuard NewGuard(int number)
    {
        var owner = new BreakerOwner("route", "cluster", "reverse", _clock, new FixedRandom(0), new TransitionQueue(new RecordingEvents()), _dynamic);
        return new DestinationGuard(new BreakerSet(ExactBreaker, owner), EngineUnderTest.NewDestination($"d{number}", isDynamic: true))
        {
            Breaker = new CircuitBreaker(ExactBreaker with { ConsecutiveFailures = 1 }, _clock, new FixedRandom(0)),
        };
    }
}
