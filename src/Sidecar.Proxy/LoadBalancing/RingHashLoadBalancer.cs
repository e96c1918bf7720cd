namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// <c>ringHash</c>: the same <see cref="PickRequest.Hash"/> goes to the same destination as long as that is selectable,
/// else to the next on the ring. The ring is built when the set changes and kept.
/// </summary>
public sealed class RingHashLoadBalancer(IRandomSource random) : CandidateLoadBalancer(random)
{
    private HashRing? _ring;

    /// <inheritdoc/>
    protected override int Choose(DestinationSet destinations, ReadOnlySpan<int> weights, int total, in PickRequest request)
    {
        var ring = Volatile.Read(ref _ring);
        if (ring is null || !ReferenceEquals(ring.Destinations, destinations))
        {
            // Two requests may build it at once after a change: cheaper than a lock on every pick.
            ring = new HashRing(destinations);
            Volatile.Write(ref _ring, ring);
        }

        return ring.Find(request.Hash, weights);
    }
}
