using System.Collections.Immutable;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration.Validation;

/// <summary>
/// What a TCP route says of HTTP. Bytes that are not read have no request to time or repeat, so only <c>timeouts.connect</c> and
/// <c>circuitBreaker</c> apply. What a base or the default policy says of HTTP is meant for other routes and does not count.
/// </summary>
internal static class TcpRouteRules
{
    private static readonly string[] PolicyNames = [PolicyKeys.Base.Name, PolicyKeys.Timeouts.Name, PolicyKeys.CircuitBreaker.Name];

    /// <summary>Reports what the route itself wrote and cannot have.</summary>
    public static void Check(RouteDocument route, ImmutableArray<ClusterConfiguration> clusters, ProblemList problems)
    {
        if (clusters.FirstOrDefault(cluster => cluster.Id == route.ClusterId) is { } cluster)
        {
            CheckCluster(route, cluster, problems);
        }

        if (!route.Transforms.IsEmpty)
        {
            Refuse(RouteKeys.Transforms.Name, route.Node[RouteKeys.Transforms.Name]!, problems);
        }

        if (route.Node[RouteKeys.Policy.Name] is not ObjectNode own)
        {
            return;
        }

        foreach (var (key, value) in own.Members.Where(member => !PolicyNames.Contains(member.Key)))
        {
            Refuse(key, value, problems);
        }

        foreach (var (key, value) in (own[PolicyKeys.Timeouts.Name] as ObjectNode)?.Members ?? new Dictionary<string, DocumentNode>())
        {
            if (key != TimeoutKeys.Connect.Name)
            {
                Refuse($"{PolicyKeys.Timeouts.Name}.{key}", value, problems);
            }
        }
    }

    // The bytes may be TLS already (sni says so), or a protocol that asks for TLS in its own words: wrapping them is nobody's meaning.
    private static void CheckCluster(RouteDocument route, ClusterConfiguration cluster, ProblemList problems)
    {
        var secure = cluster.Dns is { Scheme: "https" }
            ? "dns.scheme: https"
            : cluster.Destinations.FirstOrDefault(destination => destination.Address.Scheme == Uri.UriSchemeHttps)?.Address.OriginalString;
        if (secure is not null)
        {
            problems.Error(
                route.Node[RouteKeys.Cluster.Name]!,
                $"a TCP route (match.sni, or port alone) carries bytes as they are and adds no TLS, and cluster {MessageText.Quote(cluster.Id)} has {MessageText.Escape(secure)}: "
                + "write http:// for plain TCP, or match HTTP with a path");
        }
    }

    private static void Refuse(string key, DocumentNode value, ProblemList problems) => problems.Error(
        value,
        $"{key} has no meaning on a TCP route (match.sni, or port alone), which knows timeouts.connect and circuitBreaker only: remove it, or match HTTP with a path");
}
