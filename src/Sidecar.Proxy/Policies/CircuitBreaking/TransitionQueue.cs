using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>
/// Transitions on their way out: put in under locks, in the order in which they happened, and delivered in that order
/// with no lock held. Bounded by nature: a transition needs calls, and whoever makes one empties the queue.
/// </summary>
/// <param name="events">Who is told.</param>
internal sealed class TransitionQueue(IPolicyEvents events)
{
    private readonly Lock _lock = new();
    private readonly Queue<BreakerTransition> _pending = new();
    private bool _isDelivering;
    private int _count;

    /// <summary>Puts one in; may be called under a lock.</summary>
    public void Add(in BreakerTransition transition)
    {
        lock (_lock)
        {
            _pending.Enqueue(transition);
            Volatile.Write(ref _count, _pending.Count);
        }
    }

    /// <summary>Delivers what is pending, unless another thread is at it: then that thread delivers it.</summary>
    public void Deliver()
    {
        // Asked after every settled call: almost always there is nothing.
        if (Volatile.Read(ref _count) == 0)
        {
            return;
        }

        while (TryTake(out var transition))
        {
            try
            {
                events.BreakerChanged(transition);
            }
            finally
            {
                lock (_lock)
                {
                    _isDelivering = false;
                }
            }
        }
    }

    private bool TryTake(out BreakerTransition transition)
    {
        lock (_lock)
        {
            // One at a time, or two threads would swap the order that Add kept. Whoever is delivering looks again
            // afterwards, so nothing is left behind.
            if (_isDelivering || !_pending.TryDequeue(out transition))
            {
                transition = default;
                return false;
            }

            _isDelivering = true;
            Volatile.Write(ref _count, _pending.Count);
            return true;
        }
    }
}
