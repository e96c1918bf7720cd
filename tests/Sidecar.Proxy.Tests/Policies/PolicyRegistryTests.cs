using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

public class PolicyRegistryTests
{
    private static readonly RoutePolicy Policy = new(Timeouts, Retry, ExactBreaker with { Scope = BreakerScope.Route, ConsecutiveFailures = 1 });

    private readonly ManualTimeProvider _clock = new();
    private readonly RecordingEvents _events = new();
    private readonly PolicyRegistry _registry;

    public PolicyRegistryTests() => _registry = new PolicyRegistry(_clock, new FixedRandom(0), _events);

    [Fact]
    public void Find_UnknownRoute_IsNull() => Assert.Null(_registry.Find("none"));

    [Fact]
    public void Apply_EqualPolicyAndCluster_KeepsTheEngineWithItsBreaker()
    {
        _registry.Apply(Document(("a", "c", Policy)));
        var engine = _registry.Find("a");
        Trip("a");

        // Equal by value, written anew, as a reload brings it.
        _registry.Apply(Document(("a", "c", Policy with { Retry = Retry with { Methods = Retry.Methods with { } } }), ("b", "c", Policy)));

        Assert.Same(engine, _registry.Find("a"));
        Assert.Equal([("a", BreakerState.Open), ("b", BreakerState.Closed)], _registry.Breakers().Select(view => (view.Route, view.State)).Order());
    }

    [Fact]
    public void Apply_OtherPolicyOrCluster_StartsAnew()
    {
        _registry.Apply(Document(("a", "c", Policy), ("b", "c", Policy)));
        var (a, b) = (_registry.Find("a"), _registry.Find("b"));
        Trip("a");
        Trip("b");

        _registry.Apply(Document(("a", "c", Policy with { Timeouts = Timeouts with { Connect = Seconds(1) } }), ("b", "d", Policy)));

        Assert.NotSame(a, _registry.Find("a"));
        Assert.NotSame(b, _registry.Find("b"));
        Assert.All(_registry.Breakers(), view => Assert.Equal(BreakerState.Closed, view.State));
    }

    [Fact]
    public void Apply_RouteRemoved_IsGoneButItsRequestsInFlightSettle()
    {
        _registry.Apply(Document(("a", "c", Policy)));
        var engine = _registry.Find("a")!;
        var exchange = Exchange(EngineUnderTest.Ok);
        engine.ExecuteAsync(exchange, CancellationToken.None).AsTask().Wait(TimeSpan.FromSeconds(10));

        _registry.Apply(Document());
        engine.Complete(exchange, ExchangeCompletion.Failed(Sidecar.Proxy.Errors.ProxyError.UpstreamClosed));

        Assert.Null(_registry.Find("a"));
        Assert.Empty(_registry.Breakers());
        Assert.Equal(0, exchange.Destinations.All[0].InFlight);
        Assert.Empty(_events.Transitions);
    }

    [Fact]
    public void Apply_EqualBudget_IsKeptAndSharedByTheRoutesOfItsCluster()
    {
        _registry.Apply(Document(("a", "c", Policy), ("b", "c", Policy), ("x", "d", Policy)));
        Assert.Same(_registry.Find("a")!.Budget, _registry.Find("b")!.Budget);
        Assert.NotSame(_registry.Find("a")!.Budget, _registry.Find("x")!.Budget);
        _registry.Find("a")!.Budget.TryWithdraw();

        _registry.Apply(Document(("a", "c", Policy)));

        Assert.Equal(new BudgetView("c", Available: 9, Used: 1), Assert.Single(_registry.Budgets()));
    }

    [Fact]
    public void Apply_OtherBudget_ReachesTheEnginesThatWereKept()
    {
        _registry.Apply(Document(("a", "c", Policy)));
        var engine = _registry.Find("a");

        _registry.Apply(Document(Budget with { MinPerSecond = 5 }, ("a", "c", Policy)));

        Assert.Same(engine, _registry.Find("a"));
        Assert.Equal(5, engine!.Budget.Policy.MinPerSecond);
        Assert.Equal(50, Assert.Single(_registry.Budgets()).Available);
    }

    private static SidecarConfiguration Document(params (string Id, string Cluster, RoutePolicy Policy)[] routes) => Document(Budget, routes);

    private static SidecarConfiguration Document(RetryBudgetPolicy budget, params (string Id, string Cluster, RoutePolicy Policy)[] routes)
    {
        var here = new SourceLocation("test.yaml", 1, "");
        var match = new MatchConfiguration(null, [], null, [], [], null);
        return new SidecarConfiguration(
            null!, null!, null!, null!,
            [.. routes.Select(route => new RouteConfiguration(route.Id, 0, match, route.Cluster, route.Policy, [], here))],
            [.. routes.Select(route => route.Cluster).Distinct().Select(cluster => new ClusterConfiguration(
                cluster, [], null, LoadBalancingKind.PowerOfTwoChoices, UpstreamProtocol.Auto, budget, new ConnectionsConfiguration(1024, Seconds(50), Seconds(600)), null, null, here))]);
    }

    private ScriptedExchange Exchange(AttemptOutcome outcome) => new ScriptedExchange
    {
        Record = new RequestRecord { StartTimestamp = _clock.GetTimestamp() },
        Method = "GET",
        Balancer = new TurnBalancer(),
        Destinations = new DestinationSet([EngineUnderTest.NewDestination("d")]),
        Clock = _clock,
    }.Then(outcome);

    private void Trip(string route)
    {
        var engine = _registry.Find(route)!;
        var exchange = Exchange(EngineUnderTest.Status(500));
        Assert.Equal(500, engine.ExecuteAsync(exchange, CancellationToken.None).AsTask().Result.Status);
        engine.Complete(exchange, ExchangeCompletion.Ended);
    }
}
