using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>What must hold of a breaker whatever happens to it.</summary>
public class CircuitBreakerProperties
{
    /// <summary>One thing that can happen.</summary>
    private enum Step
    {
        Enter,
        Success,
        Failure,
        Ignored,
        SlowSuccess,
        Revoke,
        ShortPause,
        LongPause,
    }

    private static readonly (BreakerState From, BreakerState To)[] Legal =
    [
        (BreakerState.Closed, BreakerState.Open),
        (BreakerState.Open, BreakerState.HalfOpen),
        (BreakerState.HalfOpen, BreakerState.Open),
        (BreakerState.HalfOpen, BreakerState.Closed),
    ];

    private static readonly Gen<CircuitBreakerPolicy> Policies =
        from consecutive in Gen.Choose(0, 6)
        from ratio in Gen.Choose(0, 10)
        from minimum in Gen.Choose(1, 12)
        from slow in Gen.Elements(true, false)
        from probes in Gen.Choose(1, 4)
        select Breaker with
        {
            ConsecutiveFailures = consecutive == 0 ? null : consecutive,
            FailureRatio = ratio == 0 ? null : ratio / 10.0,
            MinimumThroughput = minimum,
            SlowCallDuration = slow ? Seconds(1) : null,
            Probes = probes,
        };

    private static readonly Gen<List<(Step Step, int Number)>> Steps =
        from kinds in Gen.Frequency(
            (6, Gen.Constant(Step.Enter)), (3, Gen.Constant(Step.Success)), (4, Gen.Constant(Step.Failure)), (1, Gen.Constant(Step.Ignored)),
            (1, Gen.Constant(Step.SlowSuccess)), (1, Gen.Constant(Step.Revoke)), (1, Gen.Constant(Step.ShortPause)), (1, Gen.Constant(Step.LongPause))).ListOf(200)
        from numbers in Gen.Choose(0, 1_000_000).ListOf(200)
        select kinds.Zip(numbers).ToList();

    [Fact]
    public void EverySequence_TransitionsAreLegalAndEachStateDoesWhatItSays() =>
        Prop.ForAll(Policies.ToArbitrary(), Steps.ToArbitrary(), (policy, steps) =>
        {
            var clock = new ManualTimeProvider();
            var changes = new Changes();
            var breaker = new CircuitBreaker(policy, clock, new SeededRandom(steps[0].Number), changes);
            var open = new List<BreakerPermit>();
            var settled = new List<BreakerPermit>();
            foreach (var (step, number) in steps)
            {
                var before = breaker.State;
                var untilProbe = breaker.UntilProbe();
                var share = breaker.Share();
                switch (step)
                {
                    case Step.Enter:
                        var entered = breaker.TryEnter(out var permit);
                        if (entered)
                        {
                            open.Add(permit);
                        }

                        // Share promised it without changing anything; no call passes an open circuit.
                        Assert.Equal(share > 0, entered);
                        Assert.False(before == BreakerState.Open && untilProbe > TimeSpan.Zero && entered);
                        Assert.Equal(entered && before != BreakerState.Closed, permit.IsProbe);
                        break;
                    case Step.ShortPause:
                        clock.Advance(Milliseconds(number % 2000));
                        break;
                    case Step.LongPause:
                        clock.Advance(Seconds(number % 90));
                        break;
                    case Step.Revoke when settled.Count > 0:
                        breaker.RevokeProbe(settled[number % settled.Count]);
                        break;
                    case Step.Success or Step.Failure or Step.Ignored or Step.SlowSuccess when open.Count > 0:
                        var index = number % open.Count;
                        var result = step == Step.Failure ? CallResult.Failure : step == Step.Ignored ? CallResult.Ignored : CallResult.Success;
                        open[index].Settle(result, step == Step.SlowSuccess ? Seconds(2) : TimeSpan.Zero);
                        settled.Add(open[index]);
                        open.RemoveAt(index);
                        break;
                }

                var snapshot = breaker.Snapshot();
                Assert.True(snapshot.Failures <= snapshot.Requests && snapshot.SlowCalls <= snapshot.Requests);
                Assert.InRange(breaker.Share(), 0, 1);
            }

            Assert.Equal(changes.All.Select(change => change.To).Prepend(BreakerState.Closed).SkipLast(1), changes.All.Select(change => change.From));
            Assert.All(changes.All, change => Assert.Contains((change.From, change.To), Legal));
            Assert.All(changes.All, change => Assert.Equal(change.To == BreakerState.Open, change.OpenFor > TimeSpan.Zero));
            Assert.All(changes.All, change => Assert.True(change.OpenFor <= policy.OpenMax * (1 + policy.OpenJitterRatio)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void EverySequenceOfResults_OpensAtExactlyMaxOfNAndTenPercentInARow() =>
        Prop.ForAll(Gen.Choose(1, 15).ToArbitrary(), Gen.Choose(0, 100).ListOf(400).ToArbitrary(), (most, draws) =>
        {
            var clock = new ManualTimeProvider();
            var breaker = new CircuitBreaker(ExactBreaker with { ConsecutiveFailures = most, FailureRatio = null }, clock, new FixedRandom(0));
            var completedAt = new List<long>();
            var row = 0;
            foreach (var draw in draws)
            {
                clock.Advance(Milliseconds(draw));
                Assert.True(breaker.TryEnter(out var permit));
                var isFailure = draw % 7 > 1;
                permit.Settle(isFailure ? CallResult.Failure : CallResult.Success, TimeSpan.Zero);

                // The requirement, counted by hand: the window is ten buckets of a second, the request itself included.
                var bucket = clock.Elapsed.Ticks / TimeSpan.TicksPerSecond;
                completedAt.Add(bucket);
                var inWindow = completedAt.Count(at => at > bucket - 10);
                row = isFailure ? row + 1 : 0;
                var shouldBeOpen = row >= Math.Max(most, Math.Ceiling(inWindow / 10m));
                Assert.Equal(shouldBeOpen, breaker.State == BreakerState.Open);
                if (shouldBeOpen)
                {
                    return;
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void HalfOpen_EverySequenceOfCancelledProbes_KeepsExactlyProbesOutAndNeverSticks() =>
        Prop.ForAll(Gen.Choose(1, 8).ToArbitrary(), Gen.Choose(0, 3).ListOf(100).ToArbitrary(), (probes, draws) =>
        {
            var clock = new ManualTimeProvider();
            var breaker = Tripped(probes, clock);
            var admitted = new Queue<BreakerPermit>();
            foreach (var draw in draws)
            {
                if (draw == 0 && admitted.TryDequeue(out var cancelled))
                {
                    cancelled.Settle(CallResult.Ignored, TimeSpan.Zero);
                }
                else
                {
                    Assert.Equal(admitted.Count < probes, breaker.TryEnter(out var permit));
                    if (permit.IsProbe)
                    {
                        admitted.Enqueue(permit);
                    }
                }
            }

            while (breaker.TryEnter(out var permit) && permit.IsProbe)
            {
                admitted.Enqueue(permit);
            }

            Assert.Equal(probes, admitted.Count);
            Assert.All(admitted, permit => permit.Settle(CallResult.Success, TimeSpan.Zero));
            Assert.Equal(BreakerState.Closed, breaker.State);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    public void HalfOpen_AThousandConcurrentCallers_AdmitsExactlyProbes(int probes)
    {
        var clock = new ManualTimeProvider();
        var breaker = Tripped(probes, clock);
        var admitted = 0;
        using var start = new Barrier(8);

        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            for (var i = 0; i < 125; i++)
            {
                if (breaker.TryEnter(out var permit))
                {
                    Assert.True(permit.IsProbe);
                    Interlocked.Increment(ref admitted);
                }
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(probes, admitted);
    }

    [Fact]
    public void Closed_ManyThreads_CountsAreConsistent()
    {
        var breaker = new CircuitBreaker(ExactBreaker with { ConsecutiveFailures = null, FailureRatio = null, Window = Seconds(100) }, new ManualTimeProvider(), new FixedRandom(0));
        var failures = 0;

        Parallel.For(0, 8, thread =>
        {
            var random = new SeededRandom(thread);
            for (var i = 0; i < 5000; i++)
            {
                Assert.True(breaker.TryEnter(out var permit));
                var isFailure = random.Chance(0.3);
                permit.Settle(isFailure ? CallResult.Failure : CallResult.Success, TimeSpan.Zero);
                if (isFailure)
                {
                    Interlocked.Increment(ref failures);
                }
            }
        });

        Assert.Equal((40_000, failures), (breaker.Snapshot().Requests, breaker.Snapshot().Failures));
    }

    [Fact]
    public void AnyState_ManyThreads_TransitionsAreLegalAndInOrder()
    {
        var clock = new ManualTimeProvider();
        var changes = new Changes();
        var breaker = new CircuitBreaker(ExactBreaker with { Probes = 2, OpenBase = Milliseconds(5), OpenMax = Milliseconds(20) }, clock, new SeededRandom(1), changes);

        Parallel.For(0, 4, thread =>
        {
            var random = new SeededRandom(thread);
            for (var i = 0; i < 20_000; i++)
            {
                if (random.Chance(0.02))
                {
                    clock.Advance(Milliseconds(random.Next(10)));
                }

                if (breaker.TryEnter(out var permit))
                {
                    permit.Settle(random.Chance(0.5) ? CallResult.Failure : random.Chance(0.1) ? CallResult.Ignored : CallResult.Success, TimeSpan.Zero);
                }
            }
        });

        Assert.True(changes.All.Count > 10);
        Assert.Equal(changes.All.Select(change => change.To).Prepend(BreakerState.Closed).SkipLast(1), changes.All.Select(change => change.From));
        Assert.All(changes.All, change => Assert.Contains((change.From, change.To), Legal));
    }

    private static CircuitBreaker Tripped(int probes, ManualTimeProvider clock)
    {
        var breaker = new CircuitBreaker(ExactBreaker with { Probes = probes, ConsecutiveFailures = 1 }, clock, new FixedRandom(0));
        breaker.TryEnter(out var permit);
        permit.Settle(CallResult.Failure, TimeSpan.Zero);
        clock.Advance(Seconds(5));
        return breaker;
    }

    /// <summary>Notes every change; called under the breaker's lock, so in order.</summary>
    private sealed class Changes : IBreakerObserver
    {
        public List<BreakerChange> All { get; } = [];

        public void Note(CircuitBreaker breaker, in BreakerChange change) => All.Add(change);

        public void Publish()
        {
        }
    }
}
