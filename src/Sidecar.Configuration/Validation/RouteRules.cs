using System.Collections.Immutable;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Routes;

namespace Sidecar.Configuration.Validation;

/// <summary>Routes against each other and their clusters.</summary>
internal static class RouteRules
{
    /// <summary>Reports overlaps, shadows, breakers that can only fail everything, and calls that are repeated twice.</summary>
    public static void Check(
        ImmutableArray<RouteConfiguration> routes,
        ImmutableArray<ClusterConfiguration> clusters,
        ObjectNode document,
        ProblemList problems)
    {
        foreach (var (first, second) in RouteOverlap.FindEqual(routes))
        {
            problems.Error(
                second.Location,
                $"routes '{first.Id}' ({Place(first.Location)}) and '{second.Id}' can match the same {(second.Match.IsTcp ? "connection" : "request")} and nothing orders them: make one match narrower, or give one a lower order");
        }

        foreach (var (shadowed, by) in RouteOverlap.FindShadowed(routes))
        {
            problems.Warning(
                Node(document, "routes", shadowed.Id),
                $"route '{shadowed.Id}' (order {shadowed.Order}) never gets a {(shadowed.Match.IsTcp ? "connection" : "request")}: route '{by.Id}' (order {by.Order}) goes first and matches everything it matches; raise its order or remove one");
        }

        WarnSingleDestinations(routes, clusters, document, problems);
        DoubleRetryRules.Check(routes, document, problems);
    }

    private static void WarnSingleDestinations(
        ImmutableArray<RouteConfiguration> routes, ImmutableArray<ClusterConfiguration> clusters, ObjectNode document, ProblemList problems)
    {
        var byId = clusters.ToDictionary(cluster => cluster.Id, StringComparer.Ordinal);
        foreach (var route in routes)
        {
            if (route.Policy.CircuitBreaker is { Scope: BreakerScope.Destination } breaker
                && byId.TryGetValue(route.ClusterId, out var cluster) && cluster is { Dns: null, Destinations.Length: 1 })
            {
                var effect = breaker.WhenAllOpen == WhenAllOpen.Fail ? "when it opens the whole route fails" : "with whenAllOpen: tryAnyway it never does anything";
                problems.Warning(
                    Node(document, "routes", route.Id),
                    $"route '{route.Id}' has a breaker per destination and cluster '{cluster.Id}' has one destination: {effect}; write scope: route if that is meant, or add a destination");
            }
        }
    }

    private static string Place(SourceLocation location) => location.Line > 0 ? $"{location.File}:{location.Line}" : location.File;

    private static DocumentNode Node(ObjectNode document, params ReadOnlySpan<string> keys) => document.Find(keys) ?? document;
}
