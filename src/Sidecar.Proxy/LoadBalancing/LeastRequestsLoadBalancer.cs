namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// <c>leastRequests</c>: the candidate with the fewest requests in flight per weight; among equal ones at random by
/// weight, so that an idle cluster does not send everything to its first destination.
/// </summary>
public sealed class LeastRequestsLoadBalancer(IRandomSource random) : CandidateLoadBalancer(random)
{
    /// <inheritdoc/>
    protected override int Choose(DestinationSet destinations, ReadOnlySpan<int> weights, int total, in PickRequest request)
    {
        var best = -1;
        var bestInFlight = 0L;
        var equalWeights = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0)
            {
                continue;
            }

            // a/v < b/w without dividing.
            var inFlight = (long)destinations.All[i].InFlight;
            var difference = best < 0 ? -1 : (inFlight * weights[best]) - (bestInFlight * weights[i]);
            if (difference < 0)
            {
                best = i;
                bestInFlight = inFlight;
                equalWeights = weights[i];
            }
            else if (difference == 0)
            {
                // A weighted reservoir of one: each of the equal ones ends up chosen in proportion to its weight.
                equalWeights += weights[i];
                if (Random.Next(equalWeights) < weights[i])
                {
                    best = i;
                    bestInFlight = inFlight;
                }
            }
        }

        return best;
    }
}
