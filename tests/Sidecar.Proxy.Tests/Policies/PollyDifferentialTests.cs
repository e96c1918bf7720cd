using Polly;
using Polly.Retry;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>
/// The first attempt runs outside Polly and Polly is entered behind it. A plain Polly retry around every attempt,
/// given the same script, must make the same attempts at the same times with the same end.
/// </summary>
public class PollyDifferentialTests
{
    [Fact]
    public void ExecuteAsync_SameScript_EqualsAPlainPollyRetry()
    {
        var retried = 0;
        for (var seed = 1; seed <= 500; seed++)
        {
            var script = Script(new SeededRandom(seed));
            var policy = Retry with { MaxRetries = 1 + (seed % 6), RetryOn = RetryConditions.ServerError | RetryConditions.ConnectFailure };

            var ours = RunOurs(script, policy, seed);
            var plain = RunPlainPolly(script, policy, seed);

            Assert.True(ours.Starts.SequenceEqual(plain.Starts) && ours.End == plain.End, $"seed {seed}: {Show(ours)} ≠ {Show(plain)}");
            retried += ours.Starts.Count - 1;
        }

        // The comparison is worth something: hundreds of waits were compared.
        Assert.True(retried > 500);
    }

    private static List<(AttemptOutcome Outcome, TimeSpan Takes)> Script(SeededRandom random) =>
        [.. Enumerable.Range(0, 8).Select(_ => (
            random.Pick([EngineUnderTest.Ok, EngineUnderTest.Status(503), EngineUnderTest.Status(500), EngineUnderTest.ConnectFailed, EngineUnderTest.Status(404)]),
            Milliseconds(random.Next(200))))];

    private static (List<TimeSpan> Starts, int End) RunOurs(List<(AttemptOutcome Outcome, TimeSpan Takes)> script, RetryPolicy policy, int seed)
    {
        var test = new EngineUnderTest(new RoutePolicy(Timeouts, policy, null), random: new SeededRandom(seed), budget: Budget with { MinPerSecond = 100 });
        var exchange = test.Exchange();
        script.ForEach(step => exchange.Then(step.Outcome, step.Takes));
        var outcome = test.Run(exchange);
        return (exchange.StartedAt, outcome.Status);
    }

    private static (List<TimeSpan> Starts, int End) RunPlainPolly(List<(AttemptOutcome Outcome, TimeSpan Takes)> script, RetryPolicy policy, int seed)
    {
        var clock = new ManualTimeProvider();
        var random = new SeededRandom(seed);
        var starts = new List<TimeSpan>();
        var pipeline = new ResiliencePipelineBuilder<AttemptOutcome> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<AttemptOutcome>
            {
                MaxRetryAttempts = policy.MaxRetries,
                ShouldHandle = args => new ValueTask<bool>(args.Outcome.Result.Error == ProxyError.ConnectFailed || args.Outcome.Result.Status >= 500),
                DelayGenerator = args => new ValueTask<TimeSpan?>(Backoff.Wait(policy.Backoff, args.AttemptNumber + 1, random)),
            })
            .Build();
        var running = pipeline.ExecuteAsync(async _ =>
        {
            var (outcome, takes) = script[Math.Min(starts.Count, script.Count - 1)];
            starts.Add(clock.Elapsed);
            await Task.Delay(takes, clock, CancellationToken.None);
            return outcome;
        }).AsTask();
        while (!running.IsCompleted)
        {
            Assert.True(clock.AdvanceToNextTimer());
        }

        return (starts, running.Result.Status);
    }

    private static string Show((List<TimeSpan> Starts, int End) run) => $"[{string.Join(", ", run.Starts)}] → {run.End}";
}
