using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Telemetry;
using static Sidecar.Proxy.Tests.Policies.Defaults;
using static Sidecar.Proxy.Tests.Policies.EngineUnderTest;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>Breakers of both scopes as requests meet them.</summary>
public class EngineBreakerTests
{
    private static readonly CircuitBreakerPolicy Quick = ExactBreaker with { ConsecutiveFailures = 2 };
    private static readonly RoutePolicy Guarded = new(Timeouts, null, Quick);

    [Fact]
    public void Destination_OneTripped_LeavesTheSelectionOfTheRoute()
    {
        var test = new EngineUnderTest(Guarded, destinations: 2);
        TripDestination(test, "d0");

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("d1", Destination(test));
        }

        Assert.Equal(BreakerState.Open, test.BreakerOf("d0").State);
    }

    [Fact]
    public void Destination_TheOnlyOneTripped_FailsFastWithRetryAfter()
    {
        var test = new EngineUnderTest(Guarded);
        TripDestination(test, "d0");
        test.Clock.Advance(Seconds(1));
        var exchange = test.Exchange().Then(Ok);

        var outcome = test.Run(exchange);

        Assert.Equal(ProxyError.CircuitOpen, outcome.Error);
        Assert.Equal(Seconds(4), exchange.Record.RefusedFor);
        Assert.Equal("CB", exchange.Record.Flags.ToString());
        Assert.Empty(exchange.Plans);
        Assert.Equal([ProxyError.CircuitOpen], test.Events.Refusals);
    }

    [Fact]
    public void Destination_OpenTimeIsOver_OneProbeDecides()
    {
        var test = new EngineUnderTest(Guarded);
        TripDestination(test, "d0");
        test.Clock.Advance(Seconds(5));
        var probe = test.Exchange().ThenHang();

        var probing = test.Engine.ExecuteAsync(probe, CancellationToken.None).AsTask();
        var refused = test.Exchange().Then(Ok);
        Assert.Equal(ProxyError.CircuitOpen, test.Run(refused).Error);
        Assert.Equal(Seconds(1), refused.Record.RefusedFor);
        test.Clock.Advance(Seconds(15));
        Assert.Equal(ProxyError.RequestTimeout, probing.Result.Error);
        Assert.Equal(Seconds(10), test.BreakerOf("d0").OpenFor);
        test.Clock.Advance(Seconds(10));
        Assert.Equal(200, test.Call(Ok).Status);

        Assert.Equal(
            [(BreakerState.Closed, BreakerState.Open), (BreakerState.Open, BreakerState.HalfOpen), (BreakerState.HalfOpen, BreakerState.Open),
             (BreakerState.Open, BreakerState.HalfOpen), (BreakerState.HalfOpen, BreakerState.Closed)],
            test.Events.Transitions.Select(change => (change.From, change.To)));
        Assert.Equal(
            [BreakerReasons.Consecutive, BreakerReasons.OpenElapsed, BreakerReasons.ProbeFailed, BreakerReasons.OpenElapsed, BreakerReasons.ProbeSucceeded],
            test.Events.Transitions.Select(change => change.Reason));
        Assert.All(test.Events.Transitions, change => Assert.Equal(("route", "cluster", "d0", "d0"), (change.Route, change.Cluster, change.Destination, change.DestinationLabel)));
    }

    [Fact]
    public void Destination_ProbeIsCancelledByItsCaller_TheNextRequestProbes()
    {
        var test = new EngineUnderTest(Guarded);
        TripDestination(test, "d0");
        test.Clock.Advance(Seconds(5));
        using var gone = new CancellationTokenSource();

        var probing = test.Engine.ExecuteAsync(test.Exchange().ThenHang(), gone.Token).AsTask();
        gone.Cancel();
        Assert.Equal(ProxyError.CallerGone, probing.Result.Error);

        Assert.Equal(200, test.Call(Ok).Status);
        Assert.Equal(BreakerState.Closed, test.TheBreaker().State);
    }

    [Fact]
    public void Destination_ProbeWithAnEndlessBody_ClosesAtHeadersAndReopensWhenItBreaks()
    {
        var test = new EngineUnderTest(Guarded);
        TripDestination(test, "d0");
        test.Clock.Advance(Seconds(5));
        var probe = test.Exchange().Then(Ok);

        test.Run(probe);
        Assert.Equal(BreakerState.Closed, test.TheBreaker().State);
        test.Engine.Complete(probe, ExchangeCompletion.Failed(ProxyError.UpstreamClosed));

        Assert.Equal(BreakerState.Open, test.TheBreaker().State);
        Assert.Equal(Seconds(10), test.TheBreaker().OpenFor);
    }

    [Fact]
    public void Destination_MoreTrippedThanTheCap_AreHeldWhileAnotherIsUntripped()
    {
        var test = new EngineUnderTest(Guarded, destinations: 5);
        TripDestination(test, "d0");
        TripDestination(test, "d1");
        TripDestination(test, "d2");

        Assert.Equal([BreakerState.Open, BreakerState.Open, BreakerState.Held], new[] { "d0", "d1", "d2" }.Select(id => test.BreakerOf(id).State));
        Assert.Equal(["d2", "d3", "d4"], Enumerable.Range(0, 6).Select(_ => Destination(test)).Distinct().Order());
        Assert.Equal((BreakerState.Closed, BreakerState.Held, BreakerReasons.EjectionCap), Change(test.Events.Transitions[^1]));
    }

    [Fact]
    public void Destination_AnEjectedOneComesBack_TheHeldOneGoesOut()
    {
        var test = new EngineUnderTest(Guarded, destinations: 3);
        TripDestination(test, "d0");
        test.Clock.Advance(Seconds(3));
        TripDestination(test, "d1");
        Assert.Equal(BreakerState.Held, test.BreakerOf("d1").State);
        test.Clock.Advance(Seconds(2));

        while (test.BreakerOf("d0").State != BreakerState.Closed)
        {
            Destination(test);
        }

        Assert.Equal(BreakerState.Open, test.BreakerOf("d1").State);
        Assert.Equal((BreakerState.Held, BreakerState.Open, BreakerReasons.EjectionCap), Change(test.Events.Transitions[^1]));
    }

    [Fact]
    public void Destination_HeldOneAfterItsOpenTime_IsProbedAndCloses()
    {
        var test = new EngineUnderTest(Guarded, destinations: 3);
        TripDestination(test, "d0");
        TripDestination(test, "d1");
        test.Clock.Advance(Seconds(5));

        for (var i = 0; i < 6; i++)
        {
            Destination(test);
        }

        Assert.Equal([BreakerState.Closed, BreakerState.Closed], new[] { "d0", "d1" }.Select(id => test.BreakerOf(id).State));
    }

    [Fact]
    public void Destination_AllTripped_NoneIsHeldAndTheRouteFailsFastUntilAProbe()
    {
        var test = new EngineUnderTest(Guarded, destinations: 3);
        TripDestination(test, "d0");
        test.Clock.Advance(Seconds(1));
        TripDestination(test, "d1");
        TripDestination(test, "d2");

        var refused = test.Exchange().Then(Ok);
        Assert.Equal(ProxyError.CircuitOpen, test.Run(refused).Error);
        Assert.Equal(Seconds(4), refused.Record.RefusedFor);
        Assert.All(new[] { "d0", "d1", "d2" }, id => Assert.Equal(BreakerState.Open, test.BreakerOf(id).State));
        test.Clock.Advance(Seconds(4));
        Assert.Equal("d0", Destination(test));

        Assert.Equal(BreakerState.Closed, test.BreakerOf("d0").State);
        Assert.Equal([BreakerState.Open, BreakerState.Held], new[] { "d1", "d2" }.Select(id => test.BreakerOf(id).State));
    }

    [Fact]
    public void Destination_AllTrippedButTryAnyway_AreUsedAsIfNoneWere()
    {
        var test = new EngineUnderTest(Guarded with { CircuitBreaker = Quick with { WhenAllOpen = WhenAllOpen.TryAnyway } }, destinations: 2);
        TripDestination(test, "d0");
        TripDestination(test, "d1");

        Assert.Equal(["d0", "d1"], Enumerable.Range(0, 4).Select(_ => Destination(test)).Distinct().Order());
        Assert.Equal(BreakerState.Open, test.BreakerOf("d0").State);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(10, 5)]
    public void Destination_EjectionCap_IsRoundedDownAndAtLeastOne(int destinations, int ejected)
    {
        var test = new EngineUnderTest(Guarded, destinations + 1);
        for (var i = 0; i < destinations; i++)
        {
            TripDestination(test, $"d{i}");
        }

        // One more than were tripped, so that not all are: the cap is a share of all of them.
        var cap = Math.Max(1, (destinations + 1) / 2);
        var open = Enumerable.Range(0, destinations).Count(i => test.BreakerOf($"d{i}").State == BreakerState.Open);
        Assert.Equal(Math.Min(destinations, cap), open);
        Assert.True(open >= ejected);
    }

    [Fact]
    public void Destination_AddressComesBackWithinAMinute_FindsItsBreakerAsItWas()
    {
        var test = new EngineUnderTest(Guarded with { CircuitBreaker = Quick with { OpenBase = Seconds(60) } }, destinations: 2, isDynamic: true);
        TripDestination(test, "d0");
        test.Destinations = new DestinationSet([test.Destinations.All[1]]);
        Destination(test);

        test.Clock.Advance(Seconds(59));
        test.Destinations = new DestinationSet([NewDestination("d0", isDynamic: true), test.Destinations.All[0]]);
        Destination(test);
        Assert.Equal(BreakerState.Open, test.BreakerOf("d0").State);
        test.Destinations = new DestinationSet([test.Destinations.All[1]]);
        Destination(test);
        test.Clock.Advance(Seconds(60));
        test.Destinations = new DestinationSet([NewDestination("d0", isDynamic: true), test.Destinations.All[0]]);
        Destination(test);

        Assert.Equal(BreakerState.Closed, test.BreakerOf("d0").State);
        Assert.Equal(2, test.Owner.Dynamic.Count);
    }

    [Fact]
    public void Destination_SameIdAtAnotherAddress_HasItsOwnBreaker()
    {
        var test = new EngineUnderTest(Guarded, destinations: 1);
        TripDestination(test, "d0");
        test.Destinations = new DestinationSet([new Destination("cluster", "d0", new Uri("http://elsewhere.test/"), 1, isDynamic: false)]);

        Assert.Equal(200, test.Call(Ok).Status);
    }

    [Fact]
    public void Destination_ChangedSet_DecidesAnewWhoIsHeld()
    {
        var test = new EngineUnderTest(Guarded, destinations: 3);
        TripDestination(test, "d0");
        TripDestination(test, "d1");
        test.Destinations = new DestinationSet([.. test.Destinations.All.Skip(1)]);
        Destination(test);

        Assert.Equal(BreakerState.Open, test.BreakerOf("d1").State);
    }

    [Fact]
    public void Route_Tripped_RefusesForEveryDestination()
    {
        var test = new EngineUnderTest(Guarded with { CircuitBreaker = Quick with { Scope = BreakerScope.Route } }, destinations: 3);
        test.Call(Status(500));
        test.Call(Status(500));

        Assert.Equal(ProxyError.CircuitOpen, test.Call(Ok).Error);
        Assert.Equal(("", BreakerState.Open), (test.TheBreaker().Destination, test.TheBreaker().State));
        test.Clock.Advance(Seconds(5));
        Assert.Equal(200, test.Call(Ok).Status);

        Assert.Equal(BreakerState.Closed, test.TheBreaker().State);
    }

    [Fact]
    public void Route_ProbeFindsNoDestination_GivesItsSlotBack()
    {
        var test = new EngineUnderTest(Guarded with { CircuitBreaker = Quick with { Scope = BreakerScope.Route } });
        test.Call(Status(500));
        test.Call(Status(500));
        test.Clock.Advance(Seconds(5));
        var destinations = test.Destinations;

        test.Destinations = new DestinationSet([]);
        Assert.Equal(ProxyError.NoHealthyDestination, test.Call(Ok).Error);
        test.Destinations = destinations;

        Assert.Equal(200, test.Call(Ok).Status);
    }

    [Fact]
    public void Retry_CircuitOpenedByTheAttempt_PassesTheFailureThroughInsteadOfARefusal()
    {
        var test = new EngineUnderTest(new RoutePolicy(Timeouts, Retry, Quick with { ConsecutiveFailures = 1 }));

        Assert.Equal(ProxyError.ConnectFailed, test.Call(ConnectFailed).Error);

        Assert.Equal(0, test.Budget.Snapshot().Used);
    }

    [Fact]
    public void Retry_EachAttempt_IsCountedByItsBreaker()
    {
        var test = new EngineUnderTest(new RoutePolicy(Timeouts, Retry with { MaxRetries = 3 }, ExactBreaker), destinations: 2);

        test.Call(ConnectFailed);

        Assert.Equal([2, 2], new[] { "d0", "d1" }.Select(id => test.BreakerOf(id).Failures));
    }

    [Fact]
    public void Complete_PlainResponse_IsSettledAtItsEnd()
    {
        var test = new EngineUnderTest(Guarded);
        var exchange = test.Exchange().Then(Ok);

        test.Run(exchange);
        Assert.Equal((0, 1), (test.TheBreaker().Requests, test.Destinations.All[0].InFlight));
        test.Engine.Complete(exchange, ExchangeCompletion.Failed(ProxyError.UpstreamClosed));
        test.Engine.Complete(exchange, ExchangeCompletion.Ended);

        Assert.Equal((1, 1, 0), (test.TheBreaker().Requests, test.TheBreaker().Failures, test.Destinations.All[0].InFlight));
    }

    [Fact]
    public void Complete_FailureStatus_WasSettledAtHeaders()
    {
        var test = new EngineUnderTest(Guarded);
        var exchange = test.Exchange().Then(Status(500));

        test.Run(exchange);
        Assert.Equal(1, test.TheBreaker().Failures);
        test.Engine.Complete(exchange, ExchangeCompletion.Failed(ProxyError.UpstreamClosed));

        Assert.Equal((1, 1), (test.TheBreaker().Requests, test.TheBreaker().Failures));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Complete_UpgradeOrEventStream_WasSettledAsASuccessAtHeaders(bool isUpgrade, bool isEventStream)
    {
        var test = new EngineUnderTest(Guarded);
        var exchange = test.Exchange(isUpgrade: isUpgrade, isEventStream: isEventStream).Then(Status(isUpgrade ? 101 : 200));

        test.Run(exchange);
        Assert.Equal((1, 0, 1), (test.TheBreaker().Requests, test.TheBreaker().Failures, test.Destinations.All[0].InFlight));
        test.Engine.Complete(exchange, ExchangeCompletion.Failed(ProxyError.UpstreamClosed));

        Assert.Equal((1, 0, 0), (test.TheBreaker().Requests, test.TheBreaker().Failures, test.Destinations.All[0].InFlight));
    }

    [Fact]
    public void Complete_GrpcStatusInTrailers_Decides()
    {
        var test = new EngineUnderTest(Guarded);
        foreach (var (status, failures) in new[] { (0, 0), (5, 0), (13, 1), (14, 2) })
        {
            var exchange = test.Exchange("POST", isGrpc: true).Then(Status(200));
            test.Run(exchange);
            test.Engine.Complete(exchange, ExchangeCompletion.WithGrpcStatus(status));

            Assert.Equal(failures, test.TheBreaker().Failures);
        }
    }

    [Fact]
    public void Complete_CallerLeftDuringTheBody_CountsForNothing()
    {
        var test = new EngineUnderTest(Guarded);

        test.Call(Ok, ExchangeCompletion.CallerGone);

        Assert.Equal(0, test.TheBreaker().Requests);
    }

    [Fact]
    public void Settle_LongBody_MakesNoSlowCall()
    {
        var test = new EngineUnderTest(Guarded with { CircuitBreaker = Quick with { SlowCallDuration = Seconds(1) } });
        var fast = test.Exchange().Then(Ok, Seconds(0.5));
        test.Run(fast);
        test.Clock.Advance(Seconds(5));
        test.Engine.Complete(fast, ExchangeCompletion.Ended);

        Assert.Equal(0, test.TheBreaker().SlowCalls);
    }

    [Fact]
    public void Settle_TimeoutByTheCallersDeadline_IsNoFailureByThePolicysIsOne()
    {
        var test = new EngineUnderTest(Guarded);

        test.Run(test.Exchange(callerTimeout: Seconds(1)).ThenHang());
        Assert.Equal(0, test.TheBreaker().Requests);
        test.Run(test.Exchange(callerTimeout: Seconds(60)).ThenHang());

        Assert.Equal(1, test.TheBreaker().Failures);
    }

    [Fact]
    public void Transitions_ListenerAsksBack_IsToldOutsideOfAllLocks()
    {
        var test = new EngineUnderTest(Guarded);
        var seen = BreakerState.Closed;
        var other = new Thread(() => { });
        test.Events.OnTransition = _ =>
        {
            // Another thread must be able to read while we are being told.
            other = new Thread(() => seen = test.TheBreaker().State);
            other.Start();
            Assert.True(other.Join(TimeSpan.FromSeconds(10)));
        };

        TripDestination(test, "d0");

        Assert.Equal(BreakerState.Open, seen);
    }

    private static (BreakerState From, BreakerState To, string Reason) Change(in BreakerTransition change) => (change.From, change.To, change.Reason);

    /// <summary>Fails calls to one destination until it trips, with successes for all others.</summary>
    private static void TripDestination(EngineUnderTest test, string destination)
    {
        for (var i = 0; i < 1000; i++)
        {
            var exchange = test.Exchange().ThenDo((plan, _) => ValueTask.FromResult(plan.Destination.Id == destination ? Status(500) : Ok));
            test.Run(exchange);
            test.Engine.Complete(exchange, ExchangeCompletion.Ended);
            if (test.BreakerOf(destination).State != BreakerState.Closed)
            {
                return;
            }
        }

        Assert.Fail($"{destination} does not trip.");
    }

    private static string Destination(EngineUnderTest test)
    {
        var exchange = test.Exchange().Then(Ok);
        Assert.Equal(200, test.Run(exchange).Status);
        test.Engine.Complete(exchange, ExchangeCompletion.Ended);
        return exchange.Plans[0].Destination.Id;
    }
}
