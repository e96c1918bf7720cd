using System.Collections.Immutable;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// New destinations from old ones: a destination with the same id and address keeps its object, so that what is
/// counted on it (requests in flight, latency, health, breakers) is never split.
/// </summary>
internal static class DestinationMerge
{
    /// <summary>The destinations of a configuration that takes the place of another.</summary>
    /// <param name="cluster">The new configuration.</param>
    /// <param name="previous">
    /// What was in use before; empty for a new cluster. A cluster by DNS stays on it until its first resolution ended,
    /// so that the change drops no request.
    /// </param>
    public static ImmutableArray<Destination> Merge(ClusterConfiguration cluster, ImmutableArray<Destination> previous)
    {
        var merged = cluster.Dns is not null
            ? previous
            : [.. cluster.Destinations.Select(written => Keep(cluster.Id, written, previous))];

        if (cluster.ActiveHealthCheck is null)
        {
            // Nobody would ever revise an old verdict.
            foreach (var destination in merged)
            {
                destination.Health = DestinationHealth.Unknown;
            }
        }

        return merged;
    }

    private static Destination Keep(string clusterId, DestinationConfiguration written, ImmutableArray<Destination> previous)
    {
        foreach (var old in previous)
        {
            if (!old.IsDynamic && old.Id == written.Id && old.Address == written.Address)
            {
                old.Weight = written.Weight;
                return old;
            }
        }

        return new Destination(clusterId, written.Id, written.Address, written.Weight, isDynamic: false);
    }
}
