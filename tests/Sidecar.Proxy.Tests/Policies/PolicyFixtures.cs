using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>Policies as PRODUCT §2's table has them by default, to be changed by <c>with</c>.</summary>
internal static class Defaults
{
    public static readonly TimeoutPolicy Timeouts = new(
        Seconds(15), IsRequestWritten: false, PerTry: null, Connect: Seconds(3), Idle: Seconds(300), TunnelIdle: Seconds(3600), Stream: null);

    public static readonly RetryPolicy Retry = new(
        MaxRetries: 1,
        RetryConditions.ConnectFailure | RetryConditions.RefusedStream | RetryConditions.Unsent | RetryConditions.StaleConnection,
        Statuses: default,
        new RetryMethods(RetryMethodsKind.Safe, default),
        new BackoffPolicy(Milliseconds(25), Milliseconds(250)),
        RetryAfterMax: Seconds(1),
        ReplayBytes: 65536);

    public static readonly CircuitBreakerPolicy Breaker = new(
        BreakerScope.Destination, ConsecutiveFailures: 5, FailureRatio: 0.5, MinimumThroughput: 10, Window: Seconds(10),
        SlowCallDuration: null, SlowCallRatio: 0.5, OpenBase: Seconds(5), OpenMax: Seconds(60), OpenJitterRatio: 0.5, Probes: 1,
        Ramp: Seconds(10), MaxEjectedRatio: 0.5, WhenAllOpen.Fail,
        BreakerFailures.ServerError | BreakerFailures.ConnectFailure | BreakerFailures.Reset | BreakerFailures.Timeout | BreakerFailures.GrpcInternal
        | BreakerFailures.GrpcUnavailable | BreakerFailures.GrpcDeadlineExceeded | BreakerFailures.GrpcDataLoss | BreakerFailures.GrpcUnknown);

    public static readonly RetryBudgetPolicy Budget = new(Ratio: 0.2, MinPerSecond: 1, Window: Seconds(10));

    /// <summary>Breaker without chance: open times are exact.</summary>
    public static readonly CircuitBreakerPolicy ExactBreaker = Breaker with { OpenJitterRatio = 0 };

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    public static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}

/// <summary>Chance that a test dictates.</summary>
internal sealed class FixedRandom(double value) : IRandomSource
{
    public int Next(int bound) => (int)(value * bound);

    public double NextDouble() => value;

    public long NextInt64() => (long)(value * long.MaxValue);
}

/// <summary>Turn by turn over selectable destinations, another than the one to avoid if there is one.</summary>
internal sealed class TurnBalancer : ILoadBalancer
{
    private int _turn;

    public Destination? Pick(DestinationSet destinations, in PickRequest request)
    {
        Destination? avoided = null;
        for (var i = 0; i < destinations.All.Length; i++)
        {
            var candidate = destinations.All[(_turn + i) % destinations.All.Length];
            if (request.Filter is null || request.Filter.Share(candidate) > 0)
            {
                if (!ReferenceEquals(candidate, request.Avoid))
                {
                    _turn = (_turn + i + 1) % destinations.All.Length;
                    return candidate;
                }

                avoided = candidate;
            }
        }

        return avoided;
    }
}

/// <summary>Everything the engine told, in order.</summary>
internal sealed class RecordingEvents : IPolicyEvents
{
    public List<(RetryDecision Decision, TimeSpan Wait)> Retries { get; } = [];

    public List<BreakerTransition> Transitions { get; } = [];

    public List<ProxyError> Refusals { get; } = [];

    public int Started { get; private set; }

    public int Finished { get; private set; }

    public Action<BreakerTransition>? OnTransition { get; set; }

    public void AttemptStarted(RequestRecord record) => Started++;

    public void AttemptFinished(RequestRecord record) => Finished++;

    public void RetryConsidered(RequestRecord record, RetryDecision decision, TimeSpan wait) => Retries.Add((decision, wait));

    public void BreakerChanged(in BreakerTransition transition)
    {
        lock (Transitions)
        {
            Transitions.Add(transition);
        }

        OnTransition?.Invoke(transition);
    }

    public void Refused(RequestRecord record, ProxyError error) => Refusals.Add(error);
}

/// <summary>A request whose attempts follow a script; the last step repeats.</summary>
internal sealed class ScriptedExchange : UpstreamExchange
{
    private readonly List<Func<AttemptPlan, CancellationToken, ValueTask<AttemptOutcome>>> _steps = [];

    public List<AttemptPlan> Plans { get; } = [];

    public List<TimeSpan> StartedAt { get; } = [];

    public List<AttemptOutcome> Outcomes { get; } = [];

    public List<AttemptOutcome> Discarded { get; } = [];

    public BodyReplay BodyState { get; set; }

    public Func<BodyReplay>? BodyAfterAttempt { get; set; }

    public Task Received { get; set; } = Task.CompletedTask;

    public required ManualTimeProvider Clock { get; init; }

    public override BodyReplay Body => BodyState;

    public override Task RequestReceived => Received;

    public ScriptedExchange Then(AttemptOutcome outcome, TimeSpan takes = default)
    {
        _steps.Add(takes == default
            ? (_, _) => ValueTask.FromResult(outcome)
            : async (_, cancelled) => await WaitAsync(takes, cancelled) ? outcome : Cut());
        return this;
    }

    public ScriptedExchange ThenHang() => Then(Cut(), TimeSpan.FromDays(1));

    public ScriptedExchange ThenThrow(Exception exception)
    {
        _steps.Add((_, _) => throw exception);
        return this;
    }

    public ScriptedExchange ThenDo(Func<AttemptPlan, CancellationToken, ValueTask<AttemptOutcome>> step)
    {
        _steps.Add(step);
        return this;
    }

    public override async ValueTask<AttemptOutcome> TryAsync(AttemptPlan attempt, CancellationToken cancellationToken)
    {
        Plans.Add(attempt);
        StartedAt.Add(Clock.Elapsed);
        var outcome = await _steps[Math.Min(Plans.Count, _steps.Count) - 1](attempt, cancellationToken);
        Outcomes.Add(outcome);
        if (BodyAfterAttempt is not null)
        {
            BodyState = BodyAfterAttempt();
        }

        return outcome;
    }

    public override void Discard(in AttemptOutcome outcome) => Discarded.Add(outcome);

    private static AttemptOutcome Cut() => new() { Error = ProxyError.CallerGone, Sent = SentState.Sent };

    private async Task<bool> WaitAsync(TimeSpan length, CancellationToken cancelled)
    {
        var ended = new TaskCompletionSource<bool>();
        using var timer = Clock.CreateTimer(_ => ended.TrySetResult(true), null, length, Timeout.InfiniteTimeSpan);
        using var link = cancelled.UnsafeRegister(_ => ended.TrySetResult(false), null);
        return await ended.Task;
    }
}

/// <summary>One route's engine with everything around it, in virtual time and on one thread.</summary>
internal sealed class EngineUnderTest
{
    private readonly TurnBalancer _balancer = new();

    public EngineUnderTest(RoutePolicy policy, int destinations = 1, IRandomSource? random = null, RetryBudgetPolicy? budget = null, bool isDynamic = false)
    {
        // Continuations must run inside Advance, not on the test framework's threads.
        SynchronizationContext.SetSynchronizationContext(null);
        Destinations = new DestinationSet([.. Enumerable.Range(0, destinations).Select(i => NewDestination($"d{i}", isDynamic))]);
        Budget = new RetryBudget(budget ?? Defaults.Budget, Clock);
        Queue = new TransitionQueue(Events);
        Owner = new BreakerOwner("route", "cluster", "reverse", Clock, random ?? new FixedRandom(0), Queue, new DynamicBreakers());
        Engine = new RoutePolicyEngine(policy, Budget, new RetryPipelines(Clock), Events, Owner);
    }

    public ManualTimeProvider Clock { get; } = new();

    public RecordingEvents Events { get; } = new();

    public RetryBudget Budget { get; }

    public TransitionQueue Queue { get; }

    public BreakerOwner Owner { get; }

    public RoutePolicyEngine Engine { get; }

    public DestinationSet Destinations { get; set; }

    public static AttemptOutcome Ok { get; } = Status(200);

    public static AttemptOutcome ConnectFailed { get; } = new() { Error = ProxyError.ConnectFailed };

    public static AttemptOutcome Reset { get; } = new() { Error = ProxyError.UpstreamClosed, Sent = SentState.Sent };

    public static Destination NewDestination(string id, bool isDynamic = false) => new("cluster", id, new Uri($"http://{id}.test:80/"), 1, isDynamic);

    public static AttemptOutcome Status(int status) => new() { Status = status, GrpcStatus = -1, Sent = SentState.Sent, Response = new object() };

    public static AttemptOutcome Grpc(int status) => new() { Status = 200, GrpcStatus = status, Sent = SentState.Sent, Response = new object() };

    public ScriptedExchange Exchange(
        string method = "GET",
        bool isGrpc = false,
        bool isUpgrade = false,
        bool isEventStream = false,
        bool hasIdempotencyKey = false,
        TimeSpan? callerTimeout = null) => new()
        {
            Record = new RequestRecord { StartTimestamp = Clock.GetTimestamp(), Method = method },
            Method = method,
            IsGrpc = isGrpc,
            IsUpgrade = isUpgrade,
            IsEventStream = isEventStream,
            HasIdempotencyKey = hasIdempotencyKey,
            CallerTimeout = callerTimeout,
            Balancer = _balancer,
            Destinations = Destinations,
            Clock = Clock,
        };

    /// <summary>Runs to the end, moving the clock from timer to timer.</summary>
    public AttemptOutcome Run(ScriptedExchange exchange, CancellationToken callerGone = default)
    {
        var running = Engine.ExecuteAsync(exchange, callerGone).AsTask();
        while (!running.IsCompleted)
        {
            Assert.True(Clock.AdvanceToNextTimer(), "The engine waits for nothing.");
        }

        return running.GetAwaiter().GetResult();
    }

    /// <summary>Runs one attempt to the given outcome and ends its response.</summary>
    public AttemptOutcome Call(AttemptOutcome outcome, ExchangeCompletion? completion = null)
    {
        var exchange = Exchange().Then(outcome);
        var result = Run(exchange);
        Engine.Complete(exchange, completion ?? ExchangeCompletion.Ended);
        return result;
    }

    public BreakerView TheBreaker()
    {
        var views = new List<BreakerView>();
        Engine.Describe(views);
        return Assert.Single(views);
    }

    public BreakerView BreakerOf(string destination)
    {
        var views = new List<BreakerView>();
        Engine.Describe(views);
        return views.Single(view => view.Destination == destination);
    }
}
