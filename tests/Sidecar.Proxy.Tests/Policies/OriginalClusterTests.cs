using System.Net;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>Routes that go where the application dialled: every request brings its own destination.</summary>
public class OriginalClusterTests
{
    private static readonly AttemptOutcome NotConnected = EngineUnderTest.ConnectFailed;

    private readonly ManualTimeProvider _clock = new();
    private readonly RecordingEvents _events = new();
    private readonly PolicyRegistry _registry;
    private readonly DestinationSet _one, _other;

    public OriginalClusterTests()
    {
        SynchronizationContext.SetSynchronizationContext(null);
        _registry = new PolicyRegistry(_clock, new FixedRandom(0), _events);
        var originals = new OriginalDestinations(_clock);
        (_one, _other) = (originals.Get(IPEndPoint.Parse("10.0.0.1:80")).Set, originals.Get(IPEndPoint.Parse("10.0.0.2:80")).Set);
    }

    [Fact]
    public void ExecuteAsync_TwoDestinations_HaveBreakersOfTheirOwn()
    {
        var engine = Apply(new RoutePolicy(Timeouts, null, ExactBreaker with { ConsecutiveFailures = 1 }));

        Assert.Equal(ProxyError.ConnectFailed, Run(engine, _one, NotConnected).Error);
        Assert.Equal(ProxyError.CircuitOpen, Run(engine, _one, EngineUnderTest.Ok).Error);
        Assert.Equal(200, Run(engine, _other, EngineUnderTest.Ok).Status);

        Assert.Equal(
            [("outbound", "r", "10.0.0.1:80", BreakerState.Open), ("outbound", "r", "10.0.0.2:80", BreakerState.Closed)],
            _registry.Breakers().Select(view => (view.Direction, view.Route, view.Destination, view.State)).Order());
        var transition = Assert.Single(_events.Transitions);
        Assert.Equal(("outbound", "10.0.0.1:80", "dynamic"), (transition.Direction, transition.Destination, transition.DestinationLabel));
    }

    [Fact]
    public void ExecuteAsync_OpenOne_RecoversByItsOwnProbe()
    {
        var engine = Apply(new RoutePolicy(Timeouts, null, ExactBreaker with { ConsecutiveFailures = 1 }));
        Run(engine, _one, NotConnected);
        Run(engine, _other, NotConnected);
        _clock.Advance(ExactBreaker.OpenBase);

        Assert.Equal(200, Run(engine, _one, EngineUnderTest.Ok).Status);

        Assert.Equal(
            [("10.0.0.1:80", BreakerState.Closed), ("10.0.0.2:80", BreakerState.Open)],
            _registry.Breakers().Select(view => (view.Destination, view.State)).Order());
    }

    [Fact]
    public void ExecuteAsync_RouteScope_IsOneBreakerForAll()
    {
        var engine = Apply(new RoutePolicy(Timeouts, null, ExactBreaker with { ConsecutiveFailures = 1, Scope = BreakerScope.Route }));

        Run(engine, _one, NotConnected);

        Assert.Equal(ProxyError.CircuitOpen, Run(engine, _other, EngineUnderTest.Ok).Error);
        Assert.Single(_registry.Breakers());
    }

    [Fact]
    public void ExecuteAsync_BudgetOfTheDestination_IsUsedInsteadOfTheClusters()
    {
        var engine = Apply(new RoutePolicy(Timeouts, Retry, null));
        var (empty, full) = (new RetryBudget(Budget with { Ratio = 0, MinPerSecond = 0 }, _clock), new RetryBudget(Budget, _clock));

        Assert.Equal(ProxyError.ConnectFailed, Run(engine, _one, NotConnected, budget: empty).Error);
        Assert.Equal([RetryDecision.BudgetExhausted], _events.Retries.Select(retry => retry.Decision));
        Assert.Equal(200, Run(engine, _other, NotConnected, EngineUnderTest.Ok, full).Status);

        Assert.Equal(1, full.Snapshot().Used);
        Assert.Equal(0, Assert.Single(_registry.Budgets()).Used);
        Run(engine, _one, NotConnected, EngineUnderTest.Ok);
        Assert.Equal(1, Assert.Single(_registry.Budgets()).Used);
    }

    [Fact]
    public void Apply_RouteGone_ItsBreakersAreToldOfNoMore()
    {
        var engine = Apply(new RoutePolicy(Timeouts, null, ExactBreaker with { ConsecutiveFailures = 1 }));
        Run(engine, _one, EngineUnderTest.Ok);

        _registry.Apply(Document());
        Run(engine, _one, NotConnected);

        Assert.Empty(_registry.Breakers());
        Assert.Empty(_events.Transitions);
    }

    [Fact]
    public void Apply_DirectionChanged_StartsAnew()
    {
        var policy = new RoutePolicy(Timeouts, null, ExactBreaker with { ConsecutiveFailures = 1 });
        var engine = Apply(policy);
        Assert.Same(engine, Apply(policy));

        _registry.Apply(Document(Route(policy) with { Direction = Direction.Inbound }));

        Assert.NotSame(engine, _registry.Find("r"));
        Assert.Equal("inbound", _registry.Find("r")!.Direction);
    }

    private RoutePolicyEngine Apply(RoutePolicy policy)
    {
        _registry.Apply(Document(Route(policy)));
        return _registry.Find("r")!;
    }

    private AttemptOutcome Run(RoutePolicyEngine engine, DestinationSet destinations, AttemptOutcome first, AttemptOutcome? second = null, RetryBudget? budget = null)
    {
        var exchange = new ScriptedExchange
        {
            Record = new RequestRecord { StartTimestamp = _clock.GetTimestamp() },
            Method = "GET",
            Balancer = new TurnBalancer(),
            Destinations = destinations,
            Budget = budget,
            Clock = _clock,
        }.Then(first).Then(second ?? first);
        var running = engine.ExecuteAsync(exchange, CancellationToken.None).AsTask();
        while (!running.IsCompleted)
        {
            Assert.True(_clock.AdvanceToNextTimer(), "The engine waits for nothing.");
        }

        engine.Complete(exchange, ExchangeCompletion.Ended);
        Assert.Equal(0, destinations.All[0].InFlight);
        return running.GetAwaiter().GetResult();
    }

    private static RouteConfiguration Route(RoutePolicy policy) => new(
        "r", 0, new MatchConfiguration(null, [], null, [], [], null), RouteConfiguration.OriginalClusterId, policy, [], new SourceLocation("test.yaml", 1, ""))
    {
        Direction = Direction.Outbound,
    };

    private static SidecarConfiguration Document(params RouteConfiguration[] routes)
    {
        var cluster = new ClusterConfiguration(
            RouteConfiguration.OriginalClusterId, [], null, LoadBalancingKind.PowerOfTwoChoices, UpstreamProtocol.Auto, Budget,
            new ConnectionsConfiguration(1024, Seconds(50), Seconds(600)), null, null, new SourceLocation("test.yaml", 1, ""));
        return new SidecarConfiguration(null!, null!, null!, null!, [.. routes], [cluster]);
    }
}
