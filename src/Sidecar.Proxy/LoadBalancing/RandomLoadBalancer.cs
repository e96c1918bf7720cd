namespace Sidecar.Proxy.LoadBalancing;

/// <summary><c>random</c>: in proportion to weight.</summary>
public sealed class RandomLoadBalancer(IRandomSource random) : CandidateLoadBalancer(random)
{
    /// <inheritdoc/>
    protected override int Choose(DestinationSet destinations, ReadOnlySpan<int> weights, int total, in PickRequest request) =>
        Sample(weights, total);
}
