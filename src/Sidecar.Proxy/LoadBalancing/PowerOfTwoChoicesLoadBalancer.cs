namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// <c>powerOfTwoChoices</c>: of two different candidates drawn by weight, the one with fewer requests in flight per
/// weight; equal ones by the first draw, so that idle destinations are used exactly by weight.
/// </summary>
public sealed class PowerOfTwoChoicesLoadBalancer(IRandomSource random) : CandidateLoadBalancer(random)
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

        // a/v < b/w without dividing; the counts are far below the range of a long.
        var firstLoad = (long)destinations.All[first].InFlight * weights[second];
        var secondLoad = (long)destinations.All[second].InFlight * weights[first];
        return secondLoad < firstLoad ? second : first;
    }
}
