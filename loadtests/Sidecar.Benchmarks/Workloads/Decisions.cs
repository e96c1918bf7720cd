using BenchmarkDotNet.Attributes;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Benchmarks.Workloads;

/// <summary>What resilience costs a request that needs none of it (PRODUCT §7: one breaker and budget decision).</summary>
public class Decisions
{
    private CircuitBreaker _closed = null!;
    private CircuitBreaker _open = null!;
    private RetryBudget _budget = null!;
    private RoutePolicyEngine _engine = null!;
    private InstantExchange _exchange = null!;

    [GlobalSetup]
    public void Setup()
    {
        var live = new LiveRoutes("orders: { match: { path: '/{**rest}' }, cluster: up, policy: { retry: { maxRetries: 2 }, circuitBreaker: {} } }", events: new NoEvents());
        var route = live.Route("orders");
        var policy = route.Engine.Policy.CircuitBreaker!;
        _closed = new CircuitBreaker(policy, live.Time, live.Random);
        _budget = new RetryBudget(live.Configuration.Clusters[0].RetryBudget, live.Time);
        _open = new CircuitBreaker(policy with { ConsecutiveFailures = 1, OpenBase = TimeSpan.FromHours(1), OpenMax = TimeSpan.FromHours(1) }, live.Time, live.Random);
        _open.TryEnter(out var permit);
        permit.Settle(CallResult.Failure, TimeSpan.Zero);
        _engine = route.Engine;
        _exchange = new InstantExchange(live.Time, route.Cluster.Balancer, route.Cluster.Destinations)
        {
            Record = new RequestRecord(),
            Method = "GET",
            Balancer = route.Cluster.Balancer,
            Destinations = route.Cluster.Destinations,
        };
    }

    /// <summary>Everything a breaker and a budget are asked: count the request, ask the breaker, settle it, ask for a retry.</summary>
    [Benchmark]
    public bool BreakerAndBudget()
    {
        _budget.CountRequest();
        _closed.TryEnter(out var permit);
        permit.Settle(CallResult.Success, TimeSpan.Zero);
        return _budget.TryWithdraw();
    }

    /// <summary>The part of it that a request without a retry pays.</summary>
    [Benchmark]
    public bool BreakerAndBudgetWithoutRetry()
    {
        _budget.CountRequest();
        var isAdmitted = _closed.TryEnter(out var permit);
        permit.Settle(CallResult.Success, TimeSpan.Zero);
        return isAdmitted;
    }

    /// <summary>A refusal.</summary>
    [Benchmark]
    public bool OpenBreaker() => _open.TryEnter(out _);

    /// <summary>All of it around a call that is answered at once: clocks, retry, choice of a destination, breaker, budget.</summary>
    [Benchmark]
    public int PolicyEngine()
    {
        _exchange.Reset();
        var outcome = _engine.ExecuteAsync(_exchange, CancellationToken.None);
        var status = outcome.IsCompletedSuccessfully ? outcome.Result.Status : throw new InvalidOperationException("The exchange answers at once.");
        _engine.Complete(_exchange, ExchangeCompletion.Ended);
        return status;
    }

    private sealed class InstantExchange(TimeProvider time, ILoadBalancer balancer, DestinationSet destinations) : UpstreamExchange
    {
        private static readonly AttemptOutcome Answered = new() { Status = 200, GrpcStatus = -1, Sent = SentState.Sent, IsResponseStarted = true };
        private readonly RequestRecord _record = new();

        public override BodyReplay Body => BodyReplay.Untouched;

        public override Task RequestReceived => Task.CompletedTask;

        public override ValueTask<AttemptOutcome> TryAsync(AttemptPlan attempt, CancellationToken cancellationToken) => ValueTask.FromResult(Answered);

        public override void Discard(in AttemptOutcome outcome)
        {
        }

        public void Reset()
        {
            Clear();
            _record.Clear();
            _record.StartTimestamp = time.GetTimestamp();
            (Record, Method, Balancer, Destinations) = (_record, "GET", balancer, destinations);
        }
    }

    private sealed class NoEvents : IPolicyEvents
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

        public void Refused(RequestRecord record, ProxyError error)
        {
        }
    }
}
