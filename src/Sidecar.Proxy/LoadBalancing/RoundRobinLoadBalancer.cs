namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// <c>roundRobin</c>: smooth weighted turns (nginx's algorithm). Each pick every candidate gains its weight, the highest
/// is chosen and pays the total; weights 5, 1, 1 give a a b a c a a, never five in a row.
/// </summary>
public sealed class RoundRobinLoadBalancer(IRandomSource random) : CandidateLoadBalancer(random)
{
    private readonly Lock _lock = new();
    private DestinationSet? _set;
    private long[] _credits = [];

    /// <inheritdoc/>
    protected override int Choose(DestinationSet destinations, ReadOnlySpan<int> weights, int total, in PickRequest request)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_set, destinations))
            {
                // A request that started before a change may come here once more with the old set; the turns then
                // start again, which is harmless.
                _set = destinations;
                _credits = new long[destinations.All.Length];
            }

            var best = -1;
            for (var i = 0; i < weights.Length; i++)
            {
                if (weights[i] == 0)
                {
                    continue;
                }

                _credits[i] += weights[i];
                if (best < 0 || _credits[i] > _credits[best])
                {
                    best = i;
                }
            }

            _credits[best] -= total;
            return best;
        }
    }
}
