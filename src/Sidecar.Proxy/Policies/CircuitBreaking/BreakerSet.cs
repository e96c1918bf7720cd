using System.Runtime.InteropServices;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>
/// The breakers of one route with scope <c>destination</c>: a tripped destination leaves this route's selection, unless
/// too many are out already; then it is held, that is, kept in use while another is untripped.
/// <para>
/// Locking: a request reads one published dictionary and its breaker. The set's lock is taken when a breaker changes
/// state and when the cluster's addresses change. Order: breaker → set → queue, never the other way.
/// </para>
/// </summary>
internal sealed class BreakerSet : IDestinationFilter
{
    // PRODUCT §2: an address that comes back within a minute finds its breaker as it was.
    private static readonly TimeSpan KeepGone = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly CircuitBreakerPolicy _policy;
    private readonly BreakerOwner _owner;
    private readonly Dictionary<(string Id, Uri Address), DestinationGuard> _guards = [];
    private readonly long _origin;
    private View _view = View.Empty;
    private long _tripCount;

    /// <summary>Empty until the first request shows the cluster's destinations.</summary>
    public BreakerSet(CircuitBreakerPolicy policy, BreakerOwner owner)
    {
        _policy = policy;
        _owner = owner;
        _origin = owner.Clock.GetTimestamp();
    }

    /// <inheritdoc/>
    public double Share(Destination destination) =>
        !Volatile.Read(ref _view).Guards.TryGetValue(destination, out var guard) || guard.IsHeld || guard.Breaker is not { } breaker
            ? 1
            : breaker.Share();

    /// <summary>
    /// Chooses a destination that its breaker lets through, another than <paramref name="avoid"/> if there is one.
    /// Null when every circuit is open, or the cluster is empty.
    /// </summary>
    public Destination? Pick(UpstreamExchange exchange, Destination? avoid, out BreakerPermit permit)
    {
        var view = ViewOf(exchange.Destinations);
        for (var round = 0; round <= view.Guards.Count; round++)
        {
            if (exchange.Balancer.Pick(exchange.Destinations, new PickRequest(this, avoid, exchange.TargetHash)) is not { } destination)
            {
                break;
            }

            // Between the pick and here another request may have taken the last probe: then choose again.
            if (TryEnter(view, destination, out permit))
            {
                return destination;
            }
        }

        permit = default;
        return _policy.WhenAllOpen == WhenAllOpen.TryAnyway
            ? exchange.Balancer.Pick(exchange.Destinations, new PickRequest(null, avoid, exchange.TargetHash))
            : null;
    }

    /// <summary>No destination of the set would be let through now: a retry would only be refused.</summary>
    public bool IsOpen(DestinationSet destinations)
    {
        if (_policy.WhenAllOpen == WhenAllOpen.TryAnyway)
        {
            return false;
        }

        foreach (var destination in destinations.All)
        {
            if (Share(destination) > 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Time until the first probe may go; zero when none is open.</summary>
    public TimeSpan UntilProbe(DestinationSet destinations)
    {
        var soonest = TimeSpan.MaxValue;
        foreach (var guard in ViewOf(destinations).Guards.Values)
        {
            if (guard.Breaker is { IsTripped: true } breaker && breaker.UntilProbe() is var wait && wait < soonest)
            {
                soonest = wait;
            }
        }

        return soonest == TimeSpan.MaxValue ? TimeSpan.Zero : soonest;
    }

    /// <summary>Lists every breaker whose address is in the cluster, or was a minute ago.</summary>
    public void Describe(List<BreakerView> into)
    {
        DestinationGuard[] guards;
        lock (_lock)
        {
            ForgetGone_NeedsLock();
            guards = [.. _guards.Values];
        }

        foreach (var guard in guards)
        {
            if (guard.Breaker is { } breaker)
            {
                into.Add(_owner.View(guard.Id, guard.Label, guard.Visible, breaker.Snapshot()));
            }
        }
    }

    /// <summary>The route is gone or its policy changed: gives its share of the cap back.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            foreach (var guard in _guards.Values)
            {
                _owner.Dynamic.Remove(guard);
            }
        }
    }

    /// <summary>A breaker changed state; its lock is held.</summary>
    internal void Note(DestinationGuard guard, CircuitBreaker breaker, in BreakerChange change)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(guard.Breaker, breaker))
            {
                return;
            }

            guard.TripOrder = change.To == BreakerState.Closed ? 0 : guard.TripOrder == 0 ? ++_tripCount : guard.TripOrder;
            DecideHeld_NeedsLock();
            Report_NeedsLock(guard, guard.Visible == BreakerState.Held ? change with { Reason = BreakerReasons.EjectionCap } : change);
            ReportCap_NeedsLock();
        }
    }

    /// <summary>Delivers what was noted.</summary>
    internal void Publish() => _owner.Queue.Deliver();

    private static bool TryEnter(View view, Destination destination, out BreakerPermit permit)
    {
        if (!view.Guards.TryGetValue(destination, out var guard) || guard.Breaker is not { } breaker)
        {
            permit = default;
            return true;
        }

        // A held one is asked first: once its open time is over it gets its probes, and may close. Its other calls
        // go unwatched: the verdict is in, only a probe changes it.
        return breaker.TryEnter(out permit) || guard.IsHeld;
    }

    private View ViewOf(DestinationSet destinations)
    {
        var view = Volatile.Read(ref _view);
        if (!ReferenceEquals(view.Destinations, destinations))
        {
            view = Renew(destinations);
            Publish();
        }

        return view;
    }

    private View Renew(DestinationSet destinations)
    {
        lock (_lock)
        {
            var now = _owner.Clock.GetElapsedTime(_origin);
            foreach (var guard in _guards.Values)
            {
                guard.GoneSince ??= now;
            }

            var guards = new Dictionary<Destination, DestinationGuard>(destinations.All.Length);
            foreach (var destination in destinations.All)
            {
                ref var guard = ref CollectionsMarshal.GetValueRefOrAddDefault(_guards, (destination.Id, destination.Address), out _);
                guard ??= new DestinationGuard(this, destination);
                guard.GoneSince = null;
                if (guard.Breaker is null && (!guard.IsDynamic || (!_owner.IsRetired && _owner.Dynamic.TryAdd(guard))))
                {
                    guard.TripOrder = 0;
                    guard.Breaker = new CircuitBreaker(_policy, _owner.Clock, _owner.Random, guard);
                }

                guards[destination] = guard;
            }

            ForgetGone_NeedsLock();
            var view = new View(destinations, guards);
            Volatile.Write(ref _view, view);
            DecideHeld_NeedsLock();
            ReportCap_NeedsLock();
            return view;
        }
    }

    private void ForgetGone_NeedsLock()
    {
        var now = _owner.Clock.GetElapsedTime(_origin);
        foreach (var (key, guard) in _guards)
        {
            if (guard.GoneSince is { } since && now - since >= KeepGone)
            {
                _guards.Remove(key);
                _owner.Dynamic.Remove(guard);
            }
        }
    }

    /// <summary>Who tripped first is out, up to the cap; later ones are held, unless all are tripped.</summary>
    private void DecideHeld_NeedsLock()
    {
        var present = _view.Guards.Values;
        DestinationGuard[] tripped = [.. present.Where(static guard => guard.IsTripped).OrderBy(static guard => guard.TripOrder)];

        // Rounded down, at least 1; the grain of salt keeps 0.29 × 100 from being 28.
        var cap = Math.Max(1, (int)((_policy.MaxEjectedRatio * present.Count) + 1e-9));
        var areAllTripped = tripped.Length == present.Count;
        for (var i = 0; i < tripped.Length; i++)
        {
            tripped[i].IsHeld = i >= cap && !areAllTripped;
        }

        foreach (var guard in present.Where(static guard => !guard.IsTripped))
        {
            guard.IsHeld = false;
        }
    }

    /// <summary>One destination's transition may have moved others in or out of the cap.</summary>
    private void ReportCap_NeedsLock()
    {
        foreach (var guard in _view.Guards.Values)
        {
            Report_NeedsLock(guard, new BreakerChange(default, default, BreakerReasons.EjectionCap, default, 0, 0));
        }
    }

    private void Report_NeedsLock(DestinationGuard guard, in BreakerChange change)
    {
        var visible = guard.Visible;
        if (visible == guard.Reported)
        {
            return;
        }

        var openFor = visible is BreakerState.Open or BreakerState.Held ? guard.Breaker?.UntilProbe() ?? TimeSpan.Zero : TimeSpan.Zero;
        _owner.Report(guard.Id, guard.Label, change with { From = guard.Reported, To = visible, OpenFor = openFor });
        guard.Reported = visible;
    }

    /// <summary>One cluster's destinations and their breakers; replaced whole.</summary>
    private sealed record View(DestinationSet? Destinations, Dictionary<Destination, DestinationGuard> Guards)
    {
        public static View Empty { get; } = new(null, []);
    }
}
