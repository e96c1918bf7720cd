using System.Threading.Tasks.Sources;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.Proxy.Telemetry;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>The happy path pays nothing for resilience (PRODUCT §7).</summary>
public class AllocationTests
{
    private const int Rounds = 1000;

    // Without optimization the compiler makes every async method's state an object of its own; two of them here.
#if DEBUG
    private const int EngineBound = 1024;
#else
    private const int EngineBound = 0;
#endif

    [Fact]
    public void BreakerAndBudget_OneDecision_AllocatesNothing()
    {
        var breaker = new CircuitBreaker(Breaker, TimeProvider.System, new FixedRandom(0.5));
        var budget = new RetryBudget(Budget, TimeProvider.System);

        var bytes = Measure(() =>
        {
            budget.CountRequest();
            breaker.TryEnter(out var permit);
            permit.Settle(CallResult.Success, TimeSpan.Zero);
            budget.TryWithdraw();
        });

        Assert.Equal(0, bytes);
    }

    [Fact]
    public void OpenBreaker_Refusal_AllocatesNothing()
    {
        var breaker = new CircuitBreaker(Breaker with { ConsecutiveFailures = 1, OpenBase = TimeSpan.FromHours(1), OpenMax = TimeSpan.FromHours(1) }, TimeProvider.System, new FixedRandom(0.5));
        breaker.TryEnter(out var permit);
        permit.Settle(CallResult.Failure, TimeSpan.Zero);

        Assert.Equal(0, Measure(() => Assert.False(breaker.TryEnter(out _))));
    }

    [Theory]
    [InlineData(BreakerScope.Destination, false)]
    [InlineData(BreakerScope.Route, false)]
    [InlineData(BreakerScope.Destination, true)]
    [InlineData(BreakerScope.Route, true)]
    public void ExecuteAsync_FirstAttemptSucceeds_AllocatesNothing(BreakerScope scope, bool isSuspended)
    {
        var policy = new RoutePolicy(Timeouts with { PerTry = Seconds(5) }, Retry, Breaker with { Scope = scope });
        var events = new SilentEvents();
        var owner = new BreakerOwner("route", "cluster", "reverse", TimeProvider.System, new FixedRandom(0.5), new TransitionQueue(events), new DynamicBreakers());
        var engine = new RoutePolicyEngine(policy, new RetryBudget(Budget, TimeProvider.System), new RetryPipelines(TimeProvider.System), events, owner);
        var destinations = new DestinationSet([EngineUnderTest.NewDestination("a"), EngineUnderTest.NewDestination("b")]);
        var balancer = new TurnBalancer();
        SynchronizationContext.SetSynchronizationContext(null);
        using var caller = new CancellationTokenSource();
        var exchanges = new Queue<InstantExchange>(Enumerable.Range(0, 2 * Rounds).Select(_ => new InstantExchange
        {
            Record = new RequestRecord { StartTimestamp = TimeProvider.System.GetTimestamp() },
            Method = "GET",
            Balancer = balancer,
            Destinations = destinations,
            IsSuspended = isSuspended,
        }));

        var bytes = Measure(() =>
        {
            var exchange = exchanges.Dequeue();
            var outcome = engine.ExecuteAsync(exchange, caller.Token);
            if (outcome.IsCompleted == isSuspended)
            {
                throw new InvalidOperationException("The exchange answers when it is told to.");
            }

            exchange.Answer();
            outcome.GetAwaiter().GetResult();
            engine.Complete(exchange, ExchangeCompletion.Ended);
        });

        Assert.InRange(bytes, 0, EngineBound);
    }

    /// <summary>Bytes per round on this thread, after as many rounds of warming up.</summary>
    private static long Measure(Action round)
    {
        for (var i = 0; i < Rounds; i++)
        {
            round();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
        {
            round();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
    }

    /// <summary>Answers at once, or when told to, without allocating for it.</summary>
    private sealed class InstantExchange : UpstreamExchange, IValueTaskSource<AttemptOutcome>
    {
        private ManualResetValueTaskSourceCore<AttemptOutcome> _answer;

        public bool IsSuspended { get; init; }

        public override BodyReplay Body => BodyReplay.Untouched;

        public override Task RequestReceived => Task.CompletedTask;

        public override ValueTask<AttemptOutcome> TryAsync(AttemptPlan attempt, CancellationToken cancellationToken) =>
            IsSuspended ? new ValueTask<AttemptOutcome>(this, _answer.Version) : ValueTask.FromResult(EngineUnderTest.Ok);

        public void Answer()
        {
            if (IsSuspended)
            {
                _answer.SetResult(EngineUnderTest.Ok);
            }
        }

        public override void Discard(in AttemptOutcome outcome)
        {
        }

        public AttemptOutcome GetResult(short token) => _answer.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _answer.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _answer.OnCompleted(continuation, state, token, flags);
    }

    private sealed class SilentEvents : IPolicyEvents
    {
        public void AttemptStarted(RequestRecord record)
        {
        }

        public void AttemptFinished(RequestRecord record)
        {
        }

        public void RetryConsidered(RequestRecord record, RetryDecision decision, TimeSpan wait)
        {
        }

        public void BreakerChanged(in BreakerTransition transition)
        {
        }

        public void Refused(RequestRecord record, Sidecar.Proxy.Errors.ProxyError error)
        {
        }
    }
}
