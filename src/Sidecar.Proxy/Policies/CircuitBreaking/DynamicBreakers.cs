using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>
/// The cap on breakers for addresses that nobody wrote down: names resolve to whatever they like, memory must not
/// follow. One per sidecar. Touched only when a cluster's addresses change, never per request.
/// </summary>
/// <param name="capacity">PRODUCT §2: 1 024.</param>
internal sealed class DynamicBreakers(int capacity = DynamicBreakers.DefaultCapacity)
{
    /// <summary>At most this many in one sidecar.</summary>
    public const int DefaultCapacity = 1024;

    private readonly Lock _lock = new();
    private readonly HashSet<DestinationGuard> _guards = [];

    /// <summary>Breakers that exist.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _guards.Count;
            }
        }
    }

    /// <summary>Makes room for the guard's breaker, at the cost of the closed one that has been idle longest; false when all are tripped.</summary>
    public bool TryAdd(DestinationGuard guard)
    {
        lock (_lock)
        {
            if (_guards.Count >= capacity)
            {
                if (LongestIdle_NeedsLock() is not { } victim)
                {
                    return false;
                }

                victim.Breaker = null;
                _guards.Remove(victim);
            }

            return _guards.Add(guard);
        }
    }

    /// <summary>The guard no longer needs its breaker.</summary>
    public void Remove(DestinationGuard guard)
    {
        lock (_lock)
        {
            _guards.Remove(guard);
        }
    }

    private DestinationGuard? LongestIdle_NeedsLock()
    {
        DestinationGuard? found = null;
        var longest = TimeSpan.MinValue;
        foreach (var guard in _guards)
        {
            if (guard.Breaker is { State: BreakerState.Closed } breaker && breaker.IdleFor is var idle && idle > longest)
            {
                (found, longest) = (guard, idle);
            }
        }

        return found;
    }
}
