using System.Runtime.CompilerServices;
using Polly;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.Proxy.Policies.Timeouts;
using Sidecar.Proxy.Pooling;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies;

/// <summary>
/// The policies of one route at work. The file is the table of contents of the upstream half; each layer stands where
/// it stands for a reason:
/// <list type="number">
/// <item>total timeout — outermost: it bounds every attempt and every wait (<see cref="ExecuteAsync"/>);</item>
/// <item>retry with its budget — outside the breakers, so that each attempt is asked for and counted, and an open circuit is not retried;</item>
/// <item>route breaker — before a destination is chosen, since it guards them all;</item>
/// <item>destination — chosen anew per attempt, another than before if there is one;</item>
/// <item>destination breaker — below the choice: it takes its destination out of it;</item>
/// <item>per-try timeout — innermost clock, so that the breakers see its failures;</item>
/// <item>connect — by the exchange, with its own limit.</item>
/// </list>
/// The first attempt runs directly. Polly is entered only when it failed and may be retried. Thread-safe.
/// </summary>
public sealed partial class RoutePolicyEngine
{
    private readonly BreakerOwner _owner;
    private readonly RouteBreaker? _routeBreaker;
    private readonly BreakerSet? _destinationBreakers;

    // Where every request brings its own destination, these have nothing to do with each other: a set of breakers for each,
    // which lives as long as the destination is remembered.
    private readonly ConditionalWeakTable<DestinationSet, BreakerSet>? _originalBreakers;
    private RetryBudget _budget;

    internal RoutePolicyEngine(RoutePolicy policy, RetryBudget budget, RetryPipelines pipelines, IPolicyEvents events, BreakerOwner owner)
    {
        Policy = policy;
        Events = events;
        _owner = owner;
        _budget = budget;
        if (policy.Retry is { MaxRetries: > 0 } retry)
        {
            RetryPipeline = pipelines.For(retry.MaxRetries);
        }

        if (policy.CircuitBreaker is { Scope: BreakerScope.Route } routeBreaker)
        {
            _routeBreaker = new RouteBreaker(routeBreaker, owner);
        }
        else if (policy.CircuitBreaker is not null && owner.ClusterId == RouteConfiguration.OriginalClusterId)
        {
            _originalBreakers = [];
        }
        else if (policy.CircuitBreaker is { } destinationBreaker)
        {
            _destinationBreakers = new BreakerSet(destinationBreaker, owner);
        }
    }

    /// <summary>Route id.</summary>
    public string RouteId => _owner.RouteId;

    /// <summary>Cluster id.</summary>
    public string ClusterId => _owner.ClusterId;

    /// <summary>Direction of the route, as labels say it.</summary>
    public string Direction => _owner.Direction;

    /// <summary>What it enforces.</summary>
    public RoutePolicy Policy { get; }

    /// <summary>The cluster's retry budget; exchanged when only that changes at a reload.</summary>
    internal RetryBudget Budget
    {
        get => Volatile.Read(ref _budget);
        set => Volatile.Write(ref _budget, value);
    }

    internal TimeProvider Clock => _owner.Clock;

    internal IRandomSource Random => _owner.Random;

    internal IPolicyEvents Events { get; }

    /// <summary>Set when the route retries at all.</summary>
    internal ResiliencePipeline<AttemptOutcome> RetryPipeline { get; } = ResiliencePipeline<AttemptOutcome>.Empty;

    /// <summary>
    /// Carries one request through the policies and returns the outcome to pass on: a response, or a failure. Expected
    /// outcomes are never exceptions; an exception is a defect of ours.
    /// </summary>
    /// <param name="exchange">The request; its record is filled with attempts, waits, flags and times.</param>
    /// <param name="callerGone">The caller went away: ends everything as <see cref="ProxyError.CallerGone"/>.</param>
    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    public async ValueTask<AttemptOutcome> ExecuteAsync(UpstreamExchange exchange, CancellationToken callerGone)
    {
        // 1. Total timeout.
        var deadline = Deadline.Of(Policy.Timeouts, exchange.IsUpgrade || exchange.IsEventStream, exchange.IsGrpc, exchange.CallerTimeout);
        using var clock = RequestClock.Start(Clock, deadline, exchange.Record.StartTimestamp, exchange.RequestReceived, callerGone, exchange.IsUpgrade);
        if (TryBegin(exchange, clock, previous: null, waited: TimeSpan.Zero, out var plan, out var permit, out var outcome))
        {
            // AttemptAsync would do the same, and be one more method for every request to wait in.
            var destination = plan.Destination;
            try
            {
                outcome = await exchange.TryAsync(plan, clock.Token);
            }
            catch
            {
                Abandon(exchange, destination, permit);
                throw;
            }

            outcome = End(exchange, clock, destination, permit, outcome);
        }

        // 2. Retry, with its budget.
        var beside = ProxyError.None;
        if (Policy.Retry is { MaxRetries: > 0 } && IsWorthAsking(outcome))
        {
            var run = new RetryRun(this, exchange, clock, outcome);
            if (run.WantsRetry(outcome))
            {
                outcome = await run.ExecuteAsync(callerGone);
            }

            beside = run.Beside;
        }

        exchange.Record.Report(outcome, beside);
        return outcome;
    }

    /// <summary>
    /// The response that <see cref="ExecuteAsync"/> returned has ended: settles what headers could not tell. To be
    /// called once for every exchange; calls beyond the first, and after a failure, do nothing.
    /// </summary>
    public void Complete(UpstreamExchange exchange, in ExchangeCompletion completion) => exchange.Open.Close(completion);

    /// <summary>One further attempt, from the route breaker down to the connection.</summary>
    internal async ValueTask<AttemptOutcome> AttemptAsync(UpstreamExchange exchange, RequestClock clock, Destination? previous, TimeSpan waited)
    {
        if (!TryBegin(exchange, clock, previous, waited, out var plan, out var permit, out var outcome))
        {
            return outcome;
        }

        try
        {
            // 7. Connect and send.
            outcome = await exchange.TryAsync(plan, clock.Token);
        }
        catch
        {
            Abandon(exchange, plan.Destination, permit);
            throw;
        }

        return End(exchange, clock, plan.Destination, permit, outcome);
    }

    /// <summary>Every circuit that a retry could meet is open.</summary>
    internal bool IsOpen(UpstreamExchange exchange) =>
        _routeBreaker is { Breaker: { } breaker } ? breaker.Share() == 0 : BreakersFor(exchange)?.IsOpen(exchange.Destinations) ?? false;

    /// <summary>Lists this route's breakers.</summary>
    internal void Describe(List<BreakerView> into)
    {
        if (_routeBreaker is not null)
        {
            into.Add(_routeBreaker.View());
        }

        _destinationBreakers?.Describe(into);
        foreach (var (_, breakers) in _originalBreakers ?? [])
        {
            breakers.Describe(into);
        }
    }

    /// <summary>No new request will come; those in flight settle as ever.</summary>
    internal void Retire()
    {
        _owner.IsRetired = true;
        _destinationBreakers?.Retire();
        foreach (var (_, breakers) in _originalBreakers ?? [])
        {
            breakers.Retire();
        }
    }

    /// <summary>Plain successes and refusals are decided here, without making anything.</summary>
    private static bool IsWorthAsking(in AttemptOutcome outcome) => outcome.Error switch
    {
        ProxyError.None => outcome.Status >= 300 || outcome.GrpcStatus > 0,
        ProxyError.CircuitOpen or ProxyError.NoHealthyDestination or ProxyError.CallerGone => false,
        _ => true,
    };

    private BreakerSet? BreakersFor(UpstreamExchange exchange) => _originalBreakers is null
        ? _destinationBreakers
        : _originalBreakers.GetValue(exchange.Destinations, _ => new BreakerSet(Policy.CircuitBreaker!, _owner));
}
