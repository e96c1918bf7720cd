namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// <c>peakEwma</c>: of two different candidates drawn by weight, the one with the lower latency estimate × (requests in
/// flight + 1): Finagle's peak EWMA over two choices. The requests in flight count per weight, relative to the pair.
/// </summary>
public sealed class PeakEwmaLoadBalancer(IRandomSource random, TimeProvider time) : CandidateLoadBalancer(random)
{
    /// <inheritdoc/>
    protected override int Choose(DestinationSet destinations, ReadOnlySpan<int> weights, int total, in PickRequest request)
    {
        var first = Sample(weights, total);
        var others = total - weights[first];
        if (others == 0)
        {
            return first;
        }

        var second = Sample(weights, others, except: first);
        var mean = (weights[first] + weights[second]) / 2.0;
        var firstCost = Cost(destinations.All[first], mean / weights[first]);
        var secondCost = Cost(destinations.All[second], mean / weights[second]);
        return secondCost < firstCost ? second : first;
    }

    private double Cost(Destination destination, double perRequest) =>
        destination.Latency.Read(time).TotalSeconds * ((destination.InFlight * perRequest) + 1);
}
