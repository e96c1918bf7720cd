using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>The breaker of one route × destination with what the set knows about it. Fields without a remark are guarded by the set's lock.</summary>
internal sealed class DestinationGuard(BreakerSet owner, Destination destination) : IBreakerObserver
{
    private CircuitBreaker? _breaker;
    private bool _isHeld;

    /// <summary>Destination id for logs.</summary>
    public string Id { get; } = destination.Id;

    /// <summary>Destination id for metric labels.</summary>
    public string Label { get; } = destination.MetricId;

    /// <summary>Where it dials; together with the id its identity across refreshes and reloads.</summary>
    public Uri Address { get; } = destination.Address;

    /// <summary>From DNS: its breaker counts against the sidecar's cap.</summary>
    public bool IsDynamic { get; } = destination.IsDynamic;

    /// <summary>Null when the cap took it, or never granted it: then the destination is used unwatched. Read without lock.</summary>
    public CircuitBreaker? Breaker
    {
        get => Volatile.Read(ref _breaker);
        set => Volatile.Write(ref _breaker, value);
    }

    /// <summary>Tripped, but kept in use because too many others are out. Read without lock.</summary>
    public bool IsHeld
    {
        get => Volatile.Read(ref _isHeld);
        set => Volatile.Write(ref _isHeld, value);
    }

    /// <summary>Tripped at this moment. Read without lock.</summary>
    public bool IsTripped => Breaker is { IsTripped: true };

    /// <summary>Order of tripping: who was first stays out, later ones may be held. 0 while closed.</summary>
    public long TripOrder { get; set; }

    /// <summary>When the address left the cluster; null while it is there. Time of the set.</summary>
    public TimeSpan? GoneSince { get; set; }

    /// <summary>What was last told to the outside.</summary>
    public BreakerState Reported { get; set; } = BreakerState.Closed;

    /// <summary>What the outside sees: open and held look alike to the state machine.</summary>
    public BreakerState Visible => Breaker?.State switch
    {
        BreakerState.Open => IsHeld ? BreakerState.Held : BreakerState.Open,
        { } state => state,
        null => BreakerState.Closed,
    };

    /// <inheritdoc/>
    public void Note(CircuitBreaker breaker, in BreakerChange change) => owner.Note(this, breaker, change);

    /// <inheritdoc/>
    public void Publish() => owner.Publish();
}
