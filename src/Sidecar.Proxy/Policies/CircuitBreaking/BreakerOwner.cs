using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>Whose breakers they are, and what all breakers of the sidecar share.</summary>
/// <param name="routeId">Route id.</param>
/// <param name="clusterId">Cluster id.</param>
/// <param name="direction">Direction of the route, as labels say it.</param>
/// <param name="clock">Time.</param>
/// <param name="random">Chance, for the jitter of open times.</param>
/// <param name="queue">Where transitions go.</param>
/// <param name="dynamic">The cap on breakers of unwritten addresses.</param>
internal sealed class BreakerOwner(string routeId, string clusterId, string direction, TimeProvider clock, IRandomSource random, TransitionQueue queue, DynamicBreakers dynamic)
{
    private bool _isRetired;

    /// <summary>Route id.</summary>
    public string RouteId { get; } = routeId;

    /// <summary>Cluster id.</summary>
    public string ClusterId { get; } = clusterId;

    /// <summary>Direction of the route, as labels say it.</summary>
    public string Direction { get; } = direction;

    /// <summary>Time.</summary>
    public TimeProvider Clock { get; } = clock;

    /// <summary>Chance.</summary>
    public IRandomSource Random { get; } = random;

    /// <summary>Where transitions go.</summary>
    public TransitionQueue Queue { get; } = queue;

    /// <summary>The cap on breakers of unwritten addresses.</summary>
    public DynamicBreakers Dynamic { get; } = dynamic;

    /// <summary>The route is gone, or has other breakers now: these no longer tell of themselves.</summary>
    public bool IsRetired
    {
        get => Volatile.Read(ref _isRetired);
        set => Volatile.Write(ref _isRetired, value);
    }

    /// <summary>Puts a state machine's change, with its names, on its way out.</summary>
    public void Report(string destination, string label, in BreakerChange change)
    {
        if (!IsRetired)
        {
            Queue.Add(new BreakerTransition(RouteId, ClusterId, destination, label, change.From, change.To, change.Reason, change.OpenFor, change.Failures, change.Requests, Direction));
        }
    }

    /// <summary>A state machine's snapshot with its names.</summary>
    public BreakerView View(string destination, string label, BreakerState visible, in BreakerSnapshot snapshot) =>
        new(RouteId, ClusterId, destination, label, visible, snapshot.Reason, snapshot.Since, snapshot.OpenFor, snapshot.Failures, snapshot.Requests, snapshot.SlowCalls, snapshot.Consecutive) { Direction = Direction };
}

/// <summary>The one breaker of a route with scope <c>route</c>.</summary>
internal sealed class RouteBreaker : IBreakerObserver
{
    private readonly BreakerOwner _owner;

    /// <summary>A closed one.</summary>
    public RouteBreaker(CircuitBreakerPolicy policy, BreakerOwner owner)
    {
        _owner = owner;
        Breaker = new CircuitBreaker(policy, owner.Clock, owner.Random, this);
    }

    /// <summary>The state machine.</summary>
    public CircuitBreaker Breaker { get; }

    /// <inheritdoc/>
    public void Note(CircuitBreaker breaker, in BreakerChange change) => _owner.Report("", "", change);

    /// <inheritdoc/>
    public void Publish() => _owner.Queue.Deliver();

    /// <summary>What <c>/breakers</c> shows.</summary>
    public BreakerView View() => _owner.View("", "", Breaker.State, Breaker.Snapshot());
}
