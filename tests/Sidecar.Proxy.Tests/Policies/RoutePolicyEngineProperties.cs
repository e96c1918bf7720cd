using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>What must hold of every request under every policy, whatever the upstream does.</summary>
public class RoutePolicyEngineProperties
{
    [Fact]
    public void ExecuteAsync_AnyPolicyAndScript_KeepsItsPromises() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => Simulate(seed)).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    /// <summary>One route, some dozens of requests, one after the other and overlapping, all drawn from one seed.</summary>
    private static void Simulate(int seed)
    {
        var random = new SeededRandom(seed);
        var policy = RandomPolicy(random);
        var budget = new RetryBudgetPolicy(random.Next(5) / 10.0, random.Next(3), Seconds(10));
        var test = new EngineUnderTest(policy, destinations: random.Next(1, 4), random, budget);
        var running = new List<(ScriptedExchange Exchange, Task<AttemptOutcome> Outcome, TimeSpan StartedAt, CancellationTokenSource Caller)>();
        for (var i = 0; i < 30; i++)
        {
            var exchange = RandomExchange(test, random);
            var caller = new CancellationTokenSource();
            running.Add((exchange, test.Engine.ExecuteAsync(exchange, caller.Token).AsTask(), test.Clock.Elapsed, caller));
            test.Clock.Advance(Milliseconds(random.Next(500)));
            if (random.Chance(0.1))
            {
                // A wait that is cancelled ends on another thread (Task.Delay's doing): let it, or the seed would not decide.
                var leaving = random.Pick(running);
                leaving.Caller.Cancel();
                Assert.True(leaving.Outcome.Wait(TimeSpan.FromSeconds(10)), $"seed {seed}: caller gone");
            }
        }

        // No clock may run out more than once per try, so the end comes.
        for (var i = 0; running.Exists(request => !request.Outcome.IsCompleted); i++)
        {
            Assert.True(i < 10_000 && test.Clock.AdvanceToNextTimer(), $"seed {seed}: stuck");
        }

        foreach (var (exchange, task, _, caller) in running)
        {
            var outcome = task.Result;
            AssertHonest(seed, exchange, outcome, policy);
            test.Engine.Complete(exchange, random.Chance(0.8) ? ExchangeCompletion.Ended : ExchangeCompletion.Failed(ProxyError.UpstreamClosed));
            caller.Dispose();
        }

        Assert.All(test.Destinations.All, destination => Assert.Equal(0, destination.InFlight));
        Assert.Equal(0, test.Clock.ActiveTimers);
        Assert.Equal(test.Events.Started, test.Events.Finished);

        // Attempts are the first ones and the retries that the budget granted, nothing else.
        var attempts = running.Sum(request => request.Exchange.Plans.Count);
        var retried = test.Events.Retries.Count(retry => retry.Decision == RetryDecision.Retried);
        Assert.True(attempts <= running.Count + retried, $"seed {seed}");
    }

    private static void AssertHonest(int seed, ScriptedExchange exchange, in AttemptOutcome outcome, RoutePolicy policy)
    {
        var because = $"seed {seed}";
        var record = exchange.Record;
        Assert.True(record.AttemptCount == exchange.Plans.Count, because);
        Assert.True(exchange.Plans.Count <= 1 + (policy.Retry?.MaxRetries ?? 0), because);

        // The total bounds attempts and waits together, from arrival where nothing else was to be received.
        var total = record.UpstreamTime + record.WaitTime;
        var bound = exchange.CallerTimeout < policy.Timeouts.Request ? exchange.CallerTimeout : policy.Timeouts.Request;
        Assert.True(total <= bound, $"{because}: {total} > {bound}");
        Assert.All(record.Attempts.ToArray(), attempt => Assert.True(policy.Timeouts.PerTry is not { } perTry || attempt.EndTimestamp - attempt.StartTimestamp <= perTry.Ticks * 8, because));

        // Every response but the one passed on was let go.
        var responses = record.Attempts.ToArray().Count(attempt => attempt.Status > 0);
        Assert.True(responses == exchange.Discarded.Count + (outcome.HasResponse ? 1 : 0), because);

        // Each repetition was one that PRODUCT §2 allows.
        for (var i = 0; i < exchange.Plans.Count - 1; i++)
        {
            var failed = exchange.Outcomes[i];
            var isSent = failed.HasResponse || failed.IsResponseStarted || (failed.Sent == SentState.Sent && !failed.IsRefusedStream);
            var isCovered = policy.Retry!.Methods.Contains(exchange.Method) || exchange.HasIdempotencyKey;
            Assert.True(!isSent || isCovered, $"{because}: {exchange.Method} repeated after {failed}");
            Assert.True(exchange.BodyState != BodyReplay.Gone, because);
        }

        // Time left only shrinks, and an attempt that follows a wait has at least five milliseconds.
        var left = exchange.Plans.Select(plan => plan.TimeLeft!.Value).ToList();
        Assert.True(left.SequenceEqual(left.OrderDescending()), because);
        Assert.All(left.Skip(1), time => Assert.True(time >= Milliseconds(5), because));
    }

    private static RoutePolicy RandomPolicy(SeededRandom random)
    {
        var timeouts = Timeouts with { Request = Milliseconds(random.Next(50, 3000)), PerTry = random.Chance(0.5) ? Milliseconds(random.Next(20, 1000)) : null };
        var retry = Retry with
        {
            MaxRetries = random.Next(0, 5),
            RetryOn = (RetryConditions)random.Next(1 << 14),
            Statuses = new([500]),
            Methods = new RetryMethods(random.Pick<RetryMethodsKind>([RetryMethodsKind.Safe, RetryMethodsKind.Idempotent, RetryMethodsKind.All]), default),
        };
        var breaker = Breaker with
        {
            Scope = random.Chance(0.5) ? BreakerScope.Destination : BreakerScope.Route,
            ConsecutiveFailures = random.Next(1, 6),
            OpenBase = Milliseconds(random.Next(10, 2000)),
            WhenAllOpen = random.Chance(0.3) ? WhenAllOpen.TryAnyway : WhenAllOpen.Fail,
        };
        return new RoutePolicy(timeouts, random.Chance(0.9) ? retry : null, random.Chance(0.6) ? breaker : null);
    }

    private static ScriptedExchange RandomExchange(EngineUnderTest test, SeededRandom random)
    {
        var exchange = test.Exchange(
            random.Pick(["GET", "POST", "PUT", "DELETE"]),
            hasIdempotencyKey: random.Chance(0.2),
            callerTimeout: random.Chance(0.3) ? Milliseconds(random.Next(1, 2000)) : null);
        exchange.BodyState = random.Pick([BodyReplay.Untouched, BodyReplay.Buffered, BodyReplay.Gone]);
        for (var i = 0; i < 6; i++)
        {
            exchange.Then(RandomOutcome(random), Milliseconds(random.Pick([0, 0, 1, 10, 100, 1000, 10_000])));
        }

        return exchange;
    }

    private static AttemptOutcome RandomOutcome(SeededRandom random) => random.Chance(0.4)
        ? EngineUnderTest.Status(random.Pick([200, 200, 404, 409, 500, 502, 503])) with { RetryAfter = random.Chance(0.2) ? Milliseconds(random.Next(2000)) : null }
        : new AttemptOutcome
        {
            Error = random.Pick([ProxyError.ConnectFailed, ProxyError.UpstreamClosed, ProxyError.UpstreamProtocol, ProxyError.Overloaded]),
            Sent = random.Chance(0.5) ? SentState.Sent : SentState.Unsent,
            IsConnectionReused = random.Chance(0.5),
            IsResponseStarted = random.Chance(0.2),
            IsRefusedStream = random.Chance(0.2),
        };
}
