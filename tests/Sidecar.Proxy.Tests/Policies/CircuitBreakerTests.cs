using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

public class CircuitBreakerTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Settle_FailuresInARow_OpensAtExactlyTheConfiguredNumber()
    {
        var breaker = New(ExactBreaker with { FailureRatio = null });

        Repeat(4, () => Call(breaker, CallResult.Failure));
        Assert.Equal(BreakerState.Closed, breaker.State);
        Call(breaker, CallResult.Failure);

        Assert.Equal(BreakerState.Open, breaker.State);
        Assert.Equal(BreakerReasons.Consecutive, breaker.Snapshot().Reason);
    }

    [Fact]
    public void Settle_BusyWindow_NeedsTenPercentOfItInARow()
    {
        var breaker = New(ExactBreaker with { FailureRatio = null });
        Repeat(91, () => Call(breaker, CallResult.Success));

        // After nine the window holds 100 requests, a tenth of which is 10; the tenth failure makes it 101, so 11.
        Repeat(10, () => Call(breaker, CallResult.Failure));
        Assert.Equal(BreakerState.Closed, breaker.State);
        Call(breaker, CallResult.Failure);

        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void Settle_SuccessBetween_StartsTheRowAgain()
    {
        var breaker = New(ExactBreaker with { FailureRatio = null });

        Repeat(4, () => Call(breaker, CallResult.Failure));
        Call(breaker, CallResult.Success);
        Repeat(4, () => Call(breaker, CallResult.Failure));

        Assert.Equal(BreakerState.Closed, breaker.State);
    }

    [Fact]
    public void Settle_IgnoredBetween_NeitherCountsNorEndsTheRow()
    {
        var breaker = New(ExactBreaker with { FailureRatio = null });

        Repeat(4, () => Call(breaker, CallResult.Failure));
        Repeat(100, () => Call(breaker, CallResult.Ignored));
        Assert.Equal(4, breaker.Snapshot().Requests);
        Call(breaker, CallResult.Failure);

        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void Settle_RatioReached_OpensOnlyFromMinimumThroughputOn()
    {
        var breaker = New(ExactBreaker with { ConsecutiveFailures = null });

        for (var i = 0; i < 9; i++)
        {
            Call(breaker, i % 2 == 0 ? CallResult.Failure : CallResult.Success);
        }

        Assert.Equal(BreakerState.Closed, breaker.State);
        Call(breaker, CallResult.Success);

        Assert.Equal(BreakerState.Open, breaker.State);
        Assert.Equal(BreakerReasons.Ratio, breaker.Snapshot().Reason);
    }

    [Fact]
    public void Settle_RatioWrittenInDecimals_IsExact()
    {
        var breaker = New(ExactBreaker with { ConsecutiveFailures = null, FailureRatio = 0.3 });

        Repeat(7, () => Call(breaker, CallResult.Success));
        Repeat(2, () => Call(breaker, CallResult.Failure));
        Assert.Equal(BreakerState.Closed, breaker.State);
        Call(breaker, CallResult.Failure);

        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void Settle_FailuresOlderThanTheWindow_NoLongerCountInTheRatio()
    {
        var breaker = New(ExactBreaker with { ConsecutiveFailures = null });

        Repeat(9, () => Call(breaker, CallResult.Failure));
        _clock.Advance(Seconds(10));
        Repeat(10, () => Call(breaker, CallResult.Success));

        Assert.Equal(BreakerState.Closed, breaker.State);
        Assert.Equal(0, breaker.Snapshot().Failures);
    }

    [Fact]
    public void Settle_SlowCalls_OpenAtTheirRatio()
    {
        var breaker = New(ExactBreaker with { SlowCallDuration = Seconds(1), SlowCallRatio = 0.5 });

        Repeat(5, () => Call(breaker, CallResult.Success, Seconds(1)));
        Repeat(4, () => Call(breaker, CallResult.Success, Seconds(1.001)));
        Assert.Equal(BreakerState.Closed, breaker.State);
        Call(breaker, CallResult.Success, Seconds(2));

        Assert.Equal(BreakerState.Open, breaker.State);
        Assert.Equal(BreakerReasons.Slow, breaker.Snapshot().Reason);
    }

    [Fact]
    public void TryEnter_Open_RefusesUntilItsTimeIsOverThenAdmitsExactlyTheProbes()
    {
        var breaker = Tripped(ExactBreaker with { Probes = 3 });

        _clock.Advance(Seconds(5) - TimeSpan.FromTicks(1));
        Assert.False(breaker.TryEnter(out _));
        Assert.Equal(0, breaker.Share());
        Assert.Equal(TimeSpan.FromTicks(1), breaker.UntilProbe());
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(1, breaker.Share());

        Repeat(3, () => Assert.True(breaker.TryEnter(out var permit) && permit.IsProbe));
        Assert.False(breaker.TryEnter(out _));
        Assert.Equal(0, breaker.Share());
    }

    [Fact]
    public void Settle_EveryProbeSucceeds_ClosesWithAnEmptyWindow()
    {
        var breaker = Tripped(ExactBreaker with { Probes = 2 });
        _clock.Advance(Seconds(5));
        breaker.TryEnter(out var first);
        breaker.TryEnter(out var second);

        first.Settle(CallResult.Success, TimeSpan.Zero);
        Assert.Equal(BreakerState.HalfOpen, breaker.State);
        second.Settle(CallResult.Success, TimeSpan.Zero);

        Assert.Equal(BreakerState.Closed, breaker.State);
        Assert.Equal((0, 0, 0), (breaker.Snapshot().Requests, breaker.Snapshot().Failures, breaker.Snapshot().Consecutive));
    }

    [Fact]
    public void Settle_OneProbeFails_OpensAgainForTwiceAsLong()
    {
        var breaker = Tripped(ExactBreaker with { Probes = 2 });
        _clock.Advance(Seconds(5));
        breaker.TryEnter(out var first);
        breaker.TryEnter(out var second);

        first.Settle(CallResult.Failure, TimeSpan.Zero);
        second.Settle(CallResult.Success, TimeSpan.Zero);

        Assert.Equal(BreakerState.Open, breaker.State);
        Assert.Equal(Seconds(10), breaker.UntilProbe());
        Assert.Equal(BreakerReasons.ProbeFailed, breaker.Snapshot().Reason);
    }

    [Fact]
    public void Settle_ProbeIsCancelledOrRefused_GivesItsSlotBack()
    {
        var breaker = Tripped(ExactBreaker);
        _clock.Advance(Seconds(5));

        for (var i = 0; i < 10; i++)
        {
            Assert.True(breaker.TryEnter(out var permit));
            Assert.False(breaker.TryEnter(out _));
            permit.Settle(CallResult.Ignored, TimeSpan.Zero);
        }

        Assert.Equal(BreakerState.HalfOpen, breaker.State);
        Assert.True(breaker.TryEnter(out var last));
        last.Settle(CallResult.Success, TimeSpan.Zero);
        Assert.Equal(BreakerState.Closed, breaker.State);
    }

    [Fact]
    public void Settle_SlowProbeWhereSlownessCounts_OpensAgain()
    {
        var breaker = Tripped(ExactBreaker with { SlowCallDuration = Seconds(1) });
        _clock.Advance(Seconds(5));
        breaker.TryEnter(out var probe);

        probe.Settle(CallResult.Success, Seconds(2));

        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void Settle_CallThatBeganBeforeTheTrip_CountsForNothing()
    {
        var breaker = New(ExactBreaker);
        breaker.TryEnter(out var late);
        Repeat(5, () => Call(breaker, CallResult.Failure));
        _clock.Advance(Seconds(5));
        breaker.TryEnter(out var probe);

        late.Settle(CallResult.Success, TimeSpan.Zero);
        Assert.Equal(BreakerState.HalfOpen, breaker.State);
        probe.Settle(CallResult.Success, TimeSpan.Zero);
        late.Settle(CallResult.Failure, TimeSpan.Zero);

        Assert.Equal(0, breaker.Snapshot().Requests);
    }

    [Fact]
    public void RevokeProbe_AfterItClosedTheCircuit_OpensItAgain()
    {
        var breaker = Tripped(ExactBreaker);
        _clock.Advance(Seconds(5));
        breaker.TryEnter(out var probe);
        probe.Settle(CallResult.Success, TimeSpan.Zero);

        breaker.RevokeProbe(probe);

        Assert.Equal(BreakerState.Open, breaker.State);
        Assert.Equal(Seconds(10), breaker.UntilProbe());
    }

    [Fact]
    public void RevokeProbe_StateHasChangedSince_DoesNothing()
    {
        var breaker = Tripped(ExactBreaker);
        _clock.Advance(Seconds(5));
        breaker.TryEnter(out var probe);
        probe.Settle(CallResult.Success, TimeSpan.Zero);
        Repeat(5, () => Call(breaker, CallResult.Failure));
        _clock.Advance(Seconds(10));
        breaker.TryEnter(out var next);
        next.Settle(CallResult.Success, TimeSpan.Zero);

        breaker.RevokeProbe(probe);

        Assert.Equal(BreakerState.Closed, breaker.State);
    }

    [Fact]
    public void Open_AgainAndAgain_DoublesUpToTheMaximum()
    {
        var breaker = Tripped(ExactBreaker);
        var lengths = new List<double> { breaker.UntilProbe().TotalSeconds };

        for (var i = 0; i < 6; i++)
        {
            _clock.Advance(breaker.UntilProbe());
            breaker.TryEnter(out var probe);
            probe.Settle(CallResult.Failure, TimeSpan.Zero);
            lengths.Add(breaker.UntilProbe().TotalSeconds);
        }

        Assert.Equal([5, 10, 20, 40, 60, 60, 60], lengths);
    }

    [Theory]
    [InlineData(59.999, 10)]
    [InlineData(60, 5)]
    public void Open_AfterAWhileClosed_RemembersItsOpenTimeForAMinute(double closedFor, double openFor)
    {
        var breaker = Tripped(ExactBreaker);
        _clock.Advance(Seconds(5));
        breaker.TryEnter(out var probe);
        probe.Settle(CallResult.Success, TimeSpan.Zero);

        _clock.Advance(Seconds(closedFor));
        Repeat(5, () => Call(breaker, CallResult.Failure));

        Assert.Equal(Seconds(openFor), breaker.UntilProbe());
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(0.5, 6.25)]
    [InlineData(0.999999, 7.5)]
    public void Open_WithJitter_IsStretchedByUpToItsRatio(double chance, double openFor)
    {
        var breaker = Tripped(Breaker, new FixedRandom(chance));

        Assert.Equal(openFor, breaker.UntilProbe().TotalSeconds, precision: 4);
    }

    [Fact]
    public void Share_AfterClosing_GrowsOverTheRampAndRefusesNothing()
    {
        var breaker = Tripped(ExactBreaker);
        _clock.Advance(Seconds(5));
        breaker.TryEnter(out var probe);
        probe.Settle(CallResult.Success, TimeSpan.Zero);

        var shares = new List<double>();
        for (var second = 0; second <= 10; second += 2)
        {
            shares.Add(Math.Round(breaker.Share(), 3));
            Assert.True(breaker.TryEnter(out _));
            _clock.Advance(Seconds(2));
        }

        Assert.Equal([0.1, 0.2, 0.4, 0.6, 0.8, 1], shares);
    }

    private CircuitBreaker New(CircuitBreakerPolicy policy, IRandomSource? random = null) => new(policy, _clock, random ?? new FixedRandom(0));

    private CircuitBreaker Tripped(CircuitBreakerPolicy policy, IRandomSource? random = null)
    {
        var breaker = New(policy, random);
        Repeat(5, () => Call(breaker, CallResult.Failure));
        Assert.Equal(BreakerState.Open, breaker.State);
        return breaker;
    }

    private static void Call(CircuitBreaker breaker, CallResult result, TimeSpan duration = default)
    {
        Assert.True(breaker.TryEnter(out var permit));
        permit.Settle(result, duration);
    }

    private static void Repeat(int times, Action action)
    {
        for (var i = 0; i < times; i++)
        {
            action();
        }
    }
}
