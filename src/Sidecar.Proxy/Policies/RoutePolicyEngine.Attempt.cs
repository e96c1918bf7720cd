using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies.CircuitBreaking;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.Proxy.Policies.Timeouts;

namespace Sidecar.Proxy.Policies;

/// <content>What surrounds the sending of one attempt: everything before it, and everything after.</content>
public sealed partial class RoutePolicyEngine
{
    /// <summary>Everything that comes before sending; false: the attempt is refused, and <paramref name="refusal"/> says why.</summary>
    private bool TryBegin(
        UpstreamExchange exchange, RequestClock clock, Destination? previous, TimeSpan waited,
        out AttemptPlan plan, out BreakerPermit permit, out AttemptOutcome refusal)
    {
        (plan, permit, refusal) = (default, default, default);

        // 6. Per-try timeout; armed first, because whatever follows is part of the try.
        var timeLeft = clock.StartTry(Policy.Timeouts.PerTry);
        if (timeLeft <= TimeSpan.Zero)
        {
            refusal = new AttemptOutcome { Error = ProxyError.RequestTimeout, Detail = "The deadline had passed before the attempt could start." };
            return false;
        }

        // 3.–5. Route breaker, destination, destination breaker.
        if (Select(exchange, previous, out permit) is not { } destination)
        {
            refusal = Refusal(exchange);
            return false;
        }

        plan = Begin(exchange, destination, previous, timeLeft, waited);
        return true;
    }

    /// <summary>Everything that comes after sending; returns the outcome in the words of the clock.</summary>
    private AttemptOutcome End(UpstreamExchange exchange, RequestClock clock, Destination destination, in BreakerPermit permit, in AttemptOutcome sent)
    {
        var outcome = clock.Attribute(sent);
        var duration = exchange.Record.FinishAttempt(Clock, Events, outcome);
        Settle(exchange, outcome, destination, permit, duration, clock.Deadline.IsCallers);
        return outcome;
    }

    // A defect is nobody's failure, but slots and counts must not leak by it.
    private void Abandon(UpstreamExchange exchange, Destination destination, in BreakerPermit permit)
    {
        destination.Leave();
        permit.Settle(CallResult.Ignored, TimeSpan.Zero);
        exchange.Record.FinishAttempt(Clock, Events, new AttemptOutcome { Error = ProxyError.InternalDefect });
    }

    private Destination? Select(UpstreamExchange exchange, Destination? previous, out BreakerPermit permit)
    {
        permit = default;

        // 3. Route breaker.
        if (_routeBreaker is not null && !_routeBreaker.Breaker.TryEnter(out permit))
        {
            return null;
        }

        // 4. and 5. Destination and its breaker.
        if (BreakersFor(exchange) is { } breakers)
        {
            return breakers.Pick(exchange, previous, out permit);
        }

        var destination = exchange.Balancer.Pick(exchange.Destinations, new PickRequest(null, previous, exchange.TargetHash));
        if (destination is null)
        {
            permit.Settle(CallResult.Ignored, TimeSpan.Zero);
        }

        return destination;
    }

    private AttemptOutcome Refusal(UpstreamExchange exchange)
    {
        // A balancer prefers healthy destinations but never refuses for health: with one to choose from, it was a breaker.
        if (exchange.Destinations.All.IsEmpty || (_routeBreaker is null && BreakersFor(exchange) is null))
        {
            return new AttemptOutcome { Error = ProxyError.NoHealthyDestination, Detail = "The cluster has no destination to choose." };
        }

        Events.Refused(exchange.Record, ProxyError.CircuitOpen);
        var untilProbe = _routeBreaker?.Breaker.UntilProbe() ?? BreakersFor(exchange)!.UntilProbe(exchange.Destinations);

        // While a probe is out nobody knows how long it takes; a second is the least that Retry-After can say.
        return new AttemptOutcome { Error = ProxyError.CircuitOpen, RefusedFor = untilProbe > TimeSpan.Zero ? untilProbe : TimeSpan.FromSeconds(1) };
    }

    private AttemptPlan Begin(UpstreamExchange exchange, Destination destination, Destination? previous, TimeSpan? timeLeft, TimeSpan waited)
    {
        var record = exchange.Record;
        destination.Enter();
        exchange.LastDestination = destination;
        record.BeginAttempt(destination.Id, destination.MetricId, Clock.GetTimestamp()).WaitedBefore = waited;
        if (record.AttemptCount == 1)
        {
            (exchange.Budget ?? Budget).CountRequest();
        }

        Events.AttemptStarted(record);
        return new AttemptPlan(
            record.AttemptCount,
            destination,
            NeedsFreshConnection: ReferenceEquals(destination, previous),
            timeLeft,
            Policy.Timeouts.Connect,
            PeekGrpcStatus: exchange.IsGrpc && Policy.Retry is { } retry && RetryEligibility.IsOptedInForGrpc(retry) && record.AttemptCount <= retry.MaxRetries);
    }

    /// <summary>
    /// Failures, failed probes' opposites and endless responses are settled at headers; everything else when the
    /// response ends, because only then a reset or a gRPC status in trailers is known. A probe never waits for its
    /// end, else one long download would keep the circuit half-open; its end may revoke it.
    /// </summary>
    private static void Settle(UpstreamExchange exchange, in AttemptOutcome outcome, Destination destination, in BreakerPermit permit, TimeSpan duration, bool isCallersDeadline)
    {
        var result = permit.Breaker is { } breaker
            ? OutcomeClassifier.AtHeaders(outcome, breaker.Policy.Failures, exchange.IsGrpc, isCallersDeadline)
            : CallResult.Ignored;
        if (result == CallResult.Undecided && (permit.IsProbe || exchange.IsUpgrade || exchange.IsEventStream))
        {
            result = CallResult.Success;
        }

        if (result != CallResult.Undecided)
        {
            permit.Settle(result, duration);
        }

        if (outcome.HasResponse)
        {
            exchange.Open = new OpenAttempt(destination, permit, duration, isSettled: result != CallResult.Undecided, isCallersDeadline);
        }
        else
        {
            destination.Leave();
        }
    }
}
