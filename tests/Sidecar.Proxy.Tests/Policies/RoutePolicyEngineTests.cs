using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;
using static Sidecar.Proxy.Tests.Policies.Defaults;
using static Sidecar.Proxy.Tests.Policies.EngineUnderTest;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>Retry and timeouts as one request meets them.</summary>
public class RoutePolicyEngineTests
{
    private static readonly RoutePolicy Plain = new(Timeouts, Retry with { RetryOn = Retry.RetryOn | RetryConditions.GatewayError | RetryConditions.PerTryTimeout }, null);

    [Fact]
    public void ExecuteAsync_Success_MakesOneAttemptAndTellsSo()
    {
        var test = new EngineUnderTest(Plain);
        var exchange = test.Exchange().Then(Ok, Seconds(2));

        var outcome = test.Run(exchange);

        Assert.Equal(200, outcome.Status);
        Assert.Same(Ok.Response, outcome.Response);
        Assert.Equal(1, exchange.Record.AttemptCount);
        Assert.Equal(Seconds(2), exchange.Record.UpstreamTime);
        Assert.True(exchange.Record.Flags.IsEmpty);
        Assert.Equal((200, "d0", ProxyError.None), (exchange.Record.Attempts[0].Status, exchange.Record.Attempts[0].Destination, exchange.Record.Attempts[0].Error));
        Assert.Equal((1, 1), (test.Events.Started, test.Events.Finished));
        Assert.Empty(test.Events.Retries);
    }

    [Fact]
    public void ExecuteAsync_Plan_CarriesNumberTimeLeftAndConnectTimeout()
    {
        var test = new EngineUnderTest(Plain, random: new FixedRandom(0.96));
        var exchange = test.Exchange().Then(ConnectFailed, Seconds(1)).Then(Ok);

        test.Run(exchange);

        Assert.Equal([1, 2], exchange.Plans.Select(plan => plan.Number));
        Assert.Equal([Seconds(15), Seconds(14) - Milliseconds(24)], exchange.Plans.Select(plan => plan.TimeLeft!.Value));
        Assert.All(exchange.Plans, plan => Assert.Equal(Seconds(3), plan.ConnectTimeout));
        Assert.Equal(Milliseconds(24), exchange.Record.WaitTime);
        Assert.Equal(Milliseconds(24), exchange.Record.Attempts[1].WaitedBefore);
        Assert.Equal([(RetryDecision.Retried, Milliseconds(24))], test.Events.Retries);
    }

    [Fact]
    public void ExecuteAsync_RetryWithOneDestination_NeedsAFreshConnection()
    {
        var test = new EngineUnderTest(Plain);
        var exchange = test.Exchange().Then(ConnectFailed).Then(Ok);

        test.Run(exchange);

        Assert.Equal([false, true], exchange.Plans.Select(plan => plan.NeedsFreshConnection));
    }

    [Fact]
    public void ExecuteAsync_RetryWithTwoDestinations_PrefersTheOther()
    {
        var test = new EngineUnderTest(Plain, destinations: 2);
        var exchange = test.Exchange().Then(ConnectFailed).Then(Ok);

        test.Run(exchange);

        Assert.Equal(["d0", "d1"], exchange.Plans.Select(plan => plan.Destination.Id));
        Assert.All(exchange.Plans, plan => Assert.False(plan.NeedsFreshConnection));
    }

    [Fact]
    public void ExecuteAsync_RetriesExhausted_PassesTheLastOutcomeThroughFlaggedUrx()
    {
        var test = new EngineUnderTest(Plain with { Retry = Plain.Retry! with { MaxRetries = 2 } });
        var exchange = test.Exchange().Then(ConnectFailed);

        var outcome = test.Run(exchange);

        Assert.Equal(ProxyError.ConnectFailed, outcome.Error);
        Assert.Equal(3, exchange.Record.AttemptCount);
        Assert.Equal("URX,UF", exchange.Record.Flags.ToString());
        Assert.Equal([RetryDecision.Retried, RetryDecision.Retried, RetryDecision.LimitReached], test.Events.Retries.Select(retry => retry.Decision));
    }

    [Fact]
    public void ExecuteAsync_BudgetExhausted_PassesTheLastOutcomeThroughFlaggedRb()
    {
        var test = new EngineUnderTest(Plain, budget: new RetryBudgetPolicy(0, 0, Seconds(10)));
        var exchange = test.Exchange().Then(Status(503));

        var outcome = test.Run(exchange);

        Assert.Equal(503, outcome.Status);
        Assert.Equal("RB", exchange.Record.Flags.ToString());
        Assert.Equal([RetryDecision.BudgetExhausted], test.Events.Retries.Select(retry => retry.Decision));
        Assert.Empty(exchange.Discarded);
    }

    [Fact]
    public void ExecuteAsync_NotRepeatable_PassesThroughWithoutFlagOrBudget()
    {
        var test = new EngineUnderTest(Plain);
        var exchange = test.Exchange("POST").Then(Status(503));

        Assert.Equal(503, test.Run(exchange).Status);

        Assert.True(exchange.Record.Flags.IsEmpty);
        Assert.Equal([RetryDecision.NotRepeatable], test.Events.Retries.Select(retry => retry.Decision));
        Assert.Equal(0, test.Budget.Snapshot().Used);
    }

    [Fact]
    public void ExecuteAsync_BodyBecomesGoneWhileSending_IsNotRepeated()
    {
        var test = new EngineUnderTest(Plain with { Retry = Plain.Retry! with { Methods = new RetryMethods(RetryMethodsKind.All, default) } });
        var exchange = test.Exchange("POST").Then(Status(503));
        exchange.BodyAfterAttempt = () => BodyReplay.Gone;

        test.Run(exchange);

        Assert.Equal(1, exchange.Record.AttemptCount);
    }

    [Fact]
    public void ExecuteAsync_RetriedResponse_IsDiscardedBeforeTheWait()
    {
        var test = new EngineUnderTest(Plain, random: new FixedRandom(0.5));
        var first = Status(503);
        var exchange = test.Exchange().Then(first).ThenDo((plan, _) =>
        {
            Assert.Equal(1, plan.Destination.InFlight);
            return ValueTask.FromResult(Ok);
        });

        var running = test.Engine.ExecuteAsync(exchange, CancellationToken.None).AsTask();

        Assert.False(running.IsCompleted);
        Assert.Same(first.Response, Assert.Single(exchange.Discarded).Response);
        Assert.Equal(0, test.Destinations.All[0].InFlight);
        test.Clock.AdvanceToNextTimer();
        Assert.Equal(200, running.Result.Status);
    }

    [Fact]
    public void ExecuteAsync_RetryAfterWithinLimits_DelaysTheRetryPlusJitter()
    {
        var test = new EngineUnderTest(Plain, random: new FixedRandom(0.5));
        var exchange = test.Exchange().Then(Status(503) with { RetryAfter = Seconds(1) }).Then(Ok);

        test.Run(exchange);

        Assert.Equal([TimeSpan.Zero, Seconds(1.25)], exchange.StartedAt);
    }

    [Theory]
    [InlineData(1.001, 15)]
    [InlineData(1, 0.9)]
    public void ExecuteAsync_RetryAfterTooLong_MeansNoRetry(double retryAfter, double request)
    {
        var test = new EngineUnderTest(Plain with { Timeouts = Timeouts with { Request = Seconds(request) } });
        var exchange = test.Exchange().Then(Status(503) with { RetryAfter = Seconds(retryAfter) });

        Assert.Equal(503, test.Run(exchange).Status);

        Assert.Equal([RetryDecision.RetryAfterTooLong], test.Events.Retries.Select(retry => retry.Decision));
        Assert.Equal(TimeSpan.Zero, test.Clock.Elapsed);
    }

    [Fact]
    public void ExecuteAsync_WaitLeavesLessThanFiveMilliseconds_PassesTheLastOutcomeThrough()
    {
        var test = new EngineUnderTest(Plain, random: new FixedRandom(0.999));
        var late = test.Exchange().Then(Status(503), Seconds(15) - Milliseconds(29));
        var inTime = test.Exchange().Then(Status(503), Seconds(15) - Milliseconds(31)).Then(Ok);

        Assert.Equal(503, test.Run(late).Status);
        inTime.Record.StartTimestamp = test.Clock.GetTimestamp();
        Assert.Equal(200, test.Run(inTime).Status);

        Assert.Equal([RetryDecision.NoTime, RetryDecision.Retried], test.Events.Retries.Select(retry => retry.Decision));
        Assert.Equal((1, 2), (late.Record.AttemptCount, inTime.Record.AttemptCount));
    }

    [Fact]
    public void ExecuteAsync_RequestTimeout_EndsTheAttemptAsUt()
    {
        var test = new EngineUnderTest(Plain);
        var exchange = test.Exchange().ThenHang();

        var outcome = test.Run(exchange);

        Assert.Equal(ProxyError.RequestTimeout, outcome.Error);
        Assert.Equal(Seconds(15), test.Clock.Elapsed);
        Assert.Equal("UT", exchange.Record.Flags.ToString());
        Assert.Equal(0, test.Destinations.All[0].InFlight);
    }

    [Fact]
    public void ExecuteAsync_PerTryTimeout_IsRetriedByItsToken()
    {
        var test = new EngineUnderTest(Plain with { Timeouts = Timeouts with { PerTry = Seconds(2) } }, random: new FixedRandom(0.4));
        var exchange = test.Exchange().ThenHang().Then(Ok, Seconds(1));

        Assert.Equal(200, test.Run(exchange).Status);

        Assert.Equal(ProxyError.PerTryTimeout, exchange.Record.Attempts[0].Error);
        Assert.Equal([TimeSpan.Zero, Milliseconds(2010)], exchange.StartedAt);
    }

    [Fact]
    public void ExecuteAsync_EveryTryTimesOut_EndsAsPtWithUrx()
    {
        var test = new EngineUnderTest(Plain with { Timeouts = Timeouts with { PerTry = Seconds(2) } });
        var exchange = test.Exchange().ThenHang();

        Assert.Equal(ProxyError.PerTryTimeout, test.Run(exchange).Error);

        Assert.Equal("URX,PT", exchange.Record.Flags.ToString());
        Assert.Equal(Seconds(4), test.Clock.Elapsed);
    }

    [Fact]
    public void ExecuteAsync_TotalRunsOutDuringTheSecondTry_EndsAsUt()
    {
        var test = new EngineUnderTest(Plain with { Timeouts = Timeouts with { Request = Seconds(3), PerTry = Seconds(2) } });
        var exchange = test.Exchange().ThenHang();

        Assert.Equal(ProxyError.RequestTimeout, test.Run(exchange).Error);

        Assert.Equal("UT", exchange.Record.Flags.ToString());
        Assert.Equal(Seconds(3), test.Clock.Elapsed);
    }

    [Fact]
    public void ExecuteAsync_CallersDeadline_RunsFromArrivalAndShortens()
    {
        var test = new EngineUnderTest(Plain);
        var exchange = test.Exchange(callerTimeout: Seconds(2)).ThenHang();
        test.Clock.Advance(Seconds(0.5));

        Assert.Equal(ProxyError.RequestTimeout, test.Run(exchange).Error);

        Assert.Equal(Seconds(2), test.Clock.Elapsed);
        Assert.Equal(Seconds(1.5), exchange.Plans[0].TimeLeft);
    }

    [Fact]
    public void ExecuteAsync_CallersDeadlineHasPassed_MakesNoAttempt()
    {
        var test = new EngineUnderTest(Plain);
        var exchange = test.Exchange(callerTimeout: Seconds(1)).Then(Ok);
        test.Clock.Advance(Seconds(1));

        Assert.Equal(ProxyError.RequestTimeout, test.Run(exchange).Error);

        Assert.Empty(exchange.Plans);
    }

    [Fact]
    public void ExecuteAsync_RequestStillBeingReceived_StartsItsTimeoutWhenItIs()
    {
        var test = new EngineUnderTest(Plain);
        var received = new TaskCompletionSource();
        var exchange = test.Exchange("POST").ThenHang();
        exchange.Received = received.Task;

        var running = test.Engine.ExecuteAsync(exchange, CancellationToken.None).AsTask();
        test.Clock.Advance(Seconds(100));
        Assert.False(running.IsCompleted);
        Assert.Null(exchange.Plans[0].TimeLeft);
        received.SetResult();
        test.Clock.Advance(Seconds(15) - TimeSpan.FromTicks(1));
        Assert.False(running.IsCompleted);
        test.Clock.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(ProxyError.RequestTimeout, running.Result.Error);
    }

    [Fact]
    public void ExecuteAsync_HeadersCameBeforeTheRequestWasReceived_NothingIsCutLater()
    {
        var test = new EngineUnderTest(Plain);
        var received = new TaskCompletionSource();
        var token = CancellationToken.None;
        var exchange = test.Exchange("POST").ThenDo((_, cancelled) =>
        {
            token = cancelled;
            return ValueTask.FromResult(Ok);
        });
        exchange.Received = received.Task;

        Assert.Equal(200, test.Run(exchange).Status);
        received.SetResult();
        test.Clock.Advance(Seconds(1000));

        Assert.False(token.IsCancellationRequested);
        Assert.Equal(0, test.Clock.ActiveTimers);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void ExecuteAsync_UpgradeOrEventStream_HasNoRequestTimeout(bool isUpgrade, bool isEventStream)
    {
        var test = new EngineUnderTest(Plain);
        var exchange = test.Exchange(isUpgrade: isUpgrade, isEventStream: isEventStream, callerTimeout: Seconds(1)).Then(Ok, Seconds(1000));

        Assert.Equal(200, test.Run(exchange).Status);

        Assert.Null(exchange.Plans[0].TimeLeft);
    }

    [Fact]
    public void ExecuteAsync_CallerGoesDuringTheAttempt_IsDcAndNobodysFailure()
    {
        var test = new EngineUnderTest(Plain with { CircuitBreaker = ExactBreaker with { ConsecutiveFailures = 1 } });
        using var gone = new CancellationTokenSource();
        var exchange = test.Exchange().ThenHang();

        var running = test.Engine.ExecuteAsync(exchange, gone.Token).AsTask();
        gone.Cancel();

        Assert.Equal(ProxyError.CallerGone, running.Result.Error);
        Assert.Equal("DC", exchange.Record.Flags.ToString());
        Assert.Equal(BreakerState.Closed, test.TheBreaker().State);
        Assert.Equal(0, test.TheBreaker().Requests);
        Assert.Equal(0, test.Destinations.All[0].InFlight);
    }

    [Fact]
    public void ExecuteAsync_CallerGoesDuringTheWait_IsDc()
    {
        var test = new EngineUnderTest(Plain, random: new FixedRandom(0.5));
        using var gone = new CancellationTokenSource();
        var exchange = test.Exchange().Then(Status(503) with { RetryAfter = Seconds(1) });

        var running = test.Engine.ExecuteAsync(exchange, gone.Token).AsTask();
        test.Clock.Advance(Seconds(0.25));
        gone.Cancel();

        Assert.Equal(ProxyError.CallerGone, running.Result.Error);
        Assert.Equal(Seconds(0.25), exchange.Record.WaitTime);
        Assert.Single(exchange.Discarded);
        Assert.Equal(0, test.Clock.ActiveTimers);
    }

    [Fact]
    public void ExecuteAsync_TimeoutStartsDuringTheWaitAndEndsIt_IsUt()
    {
        var test = new EngineUnderTest(Plain with { Timeouts = Timeouts with { Request = Seconds(0.1) } }, random: new FixedRandom(0.5));
        var received = new TaskCompletionSource();
        var exchange = test.Exchange().Then(Status(503) with { RetryAfter = Seconds(1) });
        exchange.Received = received.Task;

        var running = test.Engine.ExecuteAsync(exchange, CancellationToken.None).AsTask();
        received.SetResult();
        test.Clock.Advance(Seconds(0.1));

        Assert.Equal(ProxyError.RequestTimeout, running.Result.Error);
        Assert.Equal(1, exchange.Record.AttemptCount);
    }

    [Fact]
    public void ExecuteAsync_DefectInTheExchange_IsThrownAndLeaksNothing()
    {
        var test = new EngineUnderTest(Plain with { CircuitBreaker = ExactBreaker });
        var first = test.Exchange().ThenThrow(new InvalidTimeZoneException());
        var second = test.Exchange().Then(ConnectFailed).ThenThrow(new InvalidTimeZoneException());

        Assert.Throws<InvalidTimeZoneException>(() => test.Run(first));
        Assert.Throws<InvalidTimeZoneException>(() => test.Run(second));

        Assert.Equal(0, test.Destinations.All[0].InFlight);
        Assert.Equal(0, test.Clock.ActiveTimers);
        Assert.Equal(test.Events.Started, test.Events.Finished);
    }

    [Fact]
    public void ExecuteAsync_NoDestination_IsUh()
    {
        var test = new EngineUnderTest(Plain, destinations: 0);
        var exchange = test.Exchange().Then(Ok);

        Assert.Equal(ProxyError.NoHealthyDestination, test.Run(exchange).Error);

        Assert.Equal("UH", exchange.Record.Flags.ToString());
        Assert.Empty(test.Events.Refusals);
    }

    [Theory]
    [InlineData(RetryConditions.GrpcUnavailable, true, true)]
    [InlineData(RetryConditions.GatewayError, true, false)]
    [InlineData(RetryConditions.GrpcUnavailable, false, false)]
    public void ExecuteAsync_GrpcOptedIn_PeeksWhileARetryCanFollow(RetryConditions retryOn, bool isGrpc, bool peeks)
    {
        var test = new EngineUnderTest(Plain with { Retry = Plain.Retry! with { RetryOn = retryOn | RetryConditions.ConnectFailure } });
        var exchange = test.Exchange("POST", isGrpc).Then(ConnectFailed).Then(Ok);

        test.Run(exchange);

        Assert.Equal([peeks, false], exchange.Plans.Select(plan => plan.PeekGrpcStatus));
    }

    [Fact]
    public void ExecuteAsync_GrpcStatusInTrailers_IsRetried()
    {
        var test = new EngineUnderTest(Plain with { Retry = Plain.Retry! with { RetryOn = RetryConditions.GrpcUnavailable } });
        var exchange = test.Exchange("POST", isGrpc: true).Then(Grpc(14)).Then(Grpc(0));

        Assert.Equal(0, test.Run(exchange).GrpcStatus);

        Assert.Equal([14, 0], exchange.Record.Attempts.ToArray().Select(attempt => attempt.GrpcStatus));
    }

    [Fact]
    public void ExecuteAsync_OverloadedDestination_TellsWhenToComeBack()
    {
        var test = new EngineUnderTest(Plain);
        var exchange = test.Exchange().Then(new AttemptOutcome { Error = ProxyError.Overloaded, RefusedFor = Seconds(1), Detail = "full" });

        test.Run(exchange);

        Assert.Equal((Seconds(1), "full", "OV"), (exchange.Record.RefusedFor!.Value, exchange.Record.Detail, exchange.Record.Flags.ToString()));
    }
}
