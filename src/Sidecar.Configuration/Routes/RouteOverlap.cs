using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Routes;

/// <summary>
/// Routes that the order cannot separate, and routes that never get a request. Pure.
/// The order: <c>order</c>; port written; exact host, longest wildcard, none; template precedence; methods written; number of headers.
/// Of TCP routes the server names stand for the hosts. Routes of different directions, and HTTP and TCP routes, share no traffic.
/// </summary>
/// <remarks>
/// Decided without ASP.NET's parser, so on the safe side: what is reported does overlap; templates with different
/// constraints, and different mixed segments, are not compared. Two exact conditions on one header with no value in common count as
/// disjoint, although a request that repeats the header could meet both: without that no document could route by the value of a header.
/// </remarks>
internal static class RouteOverlap
{
    private const string Any = "";

    /// <summary>What routes must share to meet at all, and what only their headers can still tell apart.</summary>
    private readonly record struct Group(Direction Direction, bool IsTcp, int Order, int? Port, string Host, string Path, string Method, int Headers);

    /// <summary>
    /// Pairs that are equal in all of the order and whose matches can overlap, each once, the lower id first; no more than anyone reads.
    /// </summary>
    public static ImmutableArray<(RouteConfiguration First, RouteConfiguration Second)> FindEqual(ImmutableArray<RouteConfiguration> routes)
    {
        var groups = new Dictionary<Group, List<RouteConfiguration>>();
        var pairs = new Dictionary<(string, string), (RouteConfiguration, RouteConfiguration)>();
        foreach (var reach in routes.OrderBy(route => route.Id, StringComparer.Ordinal).Select(route => new RouteReach(route)))
        {
            var route = reach.Route;
            foreach (var (host, method) in OrAny(reach.Hosts).SelectMany(host => OrAny(route.Match.Methods).Select(method => (host, method))))
            {
                var key = new Group(route.Direction, route.Match.IsTcp, route.Order, route.Match.Port, host, reach.PathKey, method, route.Match.Headers.Length);
                if (!groups.TryGetValue(key, out var group))
                {
                    groups.Add(key, group = []);
                }

                foreach (var earlier in group.Where(earlier => CanShareRequest(earlier.Match, route.Match)))
                {
                    pairs.TryAdd((earlier.Id, route.Id), (earlier, route));
                    if (pairs.Count > ConfigurationLoader.MaxProblems)
                    {
                        return [.. pairs.Values];
                    }
                }

                group.Add(route);
            }
        }

        return [.. pairs.Values];
    }

    /// <summary>Routes that a route of a lower <c>order</c> leaves nothing; each once, with the first such route.</summary>
    public static ImmutableArray<(RouteConfiguration Shadowed, RouteConfiguration By)> FindShadowed(ImmutableArray<RouteConfiguration> routes)
    {
        // Within one order the more specific route goes first, so only a lower order can shadow.
        var shadowed = ImmutableArray.CreateBuilder<(RouteConfiguration, RouteConfiguration)>();
        var sorted = routes.OrderBy(route => route.Order).Select(route => new RouteReach(route)).ToList();
        foreach (var reach in sorted)
        {
            foreach (var earlier in sorted)
            {
                if (earlier.Route.Order >= reach.Route.Order)
                {
                    break;
                }

                if (earlier.Covers(reach))
                {
                    shadowed.Add((reach.Route, earlier.Route));
                    break;
                }
            }
        }

        return shadowed.ToImmutable();
    }

    private static ImmutableArray<string> OrAny(ImmutableArray<string> values) => values.IsEmpty ? [Any] : values;

    private static bool CanShareRequest(MatchConfiguration left, MatchConfiguration right) =>
        !left.Headers.Any(header => right.Headers.Any(other => HeaderConditions.AreDisjoint(header, other)));
}
