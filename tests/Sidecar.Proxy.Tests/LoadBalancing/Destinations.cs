using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Tests.LoadBalancing;

/// <summary>Sets of destinations, and filters over them.</summary>
internal static class Destinations
{
    public static DestinationSet Of(params int[] weights) => new(
        [.. weights.Select((weight, i) => new Destination("c", $"d{i}", new Uri($"http://10.0.0.{i + 1}:80/"), weight, isDynamic: false))]);

    /// <summary>Picks many times and counts per destination, in the set's order; the last number counts nulls.</summary>
    public static int[] Count(this ILoadBalancer balancer, DestinationSet set, int picks, PickRequest request = default, Action<Destination>? onPick = null)
    {
        var counts = new int[set.All.Length + 1];
        for (var i = 0; i < picks; i++)
        {
            var picked = balancer.Pick(set, request with { Hash = request.Hash + (uint)i });
            counts[picked is null ? set.All.Length : set.All.IndexOf(picked)]++;
            if (picked is not null)
            {
                onPick?.Invoke(picked);
            }
        }

        return counts;
    }

    public static IDestinationFilter Shares(DestinationSet set, params double[] shares) => new ShareFilter(set, shares);

    private sealed class ShareFilter(DestinationSet set, double[] shares) : IDestinationFilter
    {
        public double Share(Destination destination) => shares[set.All.IndexOf(destination)];
    }
}
