using System.Collections.Immutable;
using System.Net;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration.Validation;

/// <summary>Which listener's traffic a route matches, and what that asks of the route.</summary>
/// <param name="document">The merged document.</param>
/// <param name="clusters">Those that were usable.</param>
/// <param name="problems">Gets the findings.</param>
internal sealed class DirectionRules(ObjectNode document, ImmutableArray<ClusterConfiguration> clusters, ProblemList problems)
{
    /// <summary>Most ids in one message.</summary>
    private const int MaxListed = 3;

    // By what is written, not by what was usable: a mistake in a listener must not turn into mistakes of every route.
    private readonly ImmutableArray<Direction> _open =
    [
        .. RouteKeys.Directions.Tokens
            .Where(word => document.Find(DocumentKeys.Listeners.Name, word.Token) is not (null or ScalarNode { IsOff: true }))
            .Select(word => word.Value),
    ];

    private readonly Dictionary<string, ClusterConfiguration> _clusters = clusters.ToDictionary(cluster => cluster.Id, StringComparer.Ordinal);

    /// <summary>The direction of a route; null when it had to be written and is not, which is reported.</summary>
    public Direction? Resolve(RouteDocument route)
    {
        if (route.Direction is { } written)
        {
            return written;
        }

        // What only intercepted traffic has, says already that it is not the reverse listener's.
        var isIntercepted = route.ClusterId == RouteConfiguration.OriginalClusterId || !route.Match.Sni.IsEmpty;
        switch (_open)
        {
            case [var only]:
                return only;
            case [] when !isIntercepted:
                // A document of routes alone is legal: the listener may come from --listen. The warning says so.
                return Direction.Reverse;
            default:
                var choices = _open.IsEmpty ? [Direction.Outbound, Direction.Inbound] : _open;
                problems.Error(
                    route.Node,
                    $"key 'direction' is missing and {(_open.IsEmpty ? "no listener is open" : $"the listeners {string.Join(" and ", _open.Select(Word))} are open")}: "
                    + $"write direction: {MessageText.OneOf(choices.Select(Word))}");
                return null;
        }
    }

    /// <summary>Reports what a route of this direction cannot have.</summary>
    public void Check(RouteDocument route, Direction direction)
    {
        if (direction == Direction.Reverse)
        {
            CheckReverse(route);
        }
        else if (direction == Direction.Inbound && _clusters.GetValueOrDefault(route.ClusterId) is { } cluster)
        {
            CheckInbound(route, cluster);
        }
    }

    /// <summary>
    /// Reports routes that get no traffic. A warning and no error: one ConfigMap is shared by pods whose listeners differ, and a
    /// listener may come from another file, from <c>--listen</c> or from <c>--pod</c>.
    /// </summary>
    public void WarnClosed(ImmutableArray<RouteConfiguration> routes)
    {
        foreach (var closed in routes.Where(route => !_open.Contains(route.Direction)).GroupBy(route => route.Direction))
        {
            var ids = closed.Select(route => $"'{route.Id}'").ToList();
            var (noun, verb) = ids.Count == 1 ? ("route", "is") : ("routes", "are");
            var more = ids.Count > MaxListed ? $" and {ids.Count - MaxListed} more" : "";
            var word = Word(closed.Key);
            problems.Warning(
                document.Find(DocumentKeys.Routes.Name, closed.First().Id) ?? document,
                $"{noun} {string.Join(", ", ids.Take(MaxListed))}{more} {verb} {word} and no such listener is open: write listeners.{word}, or run with {(closed.Key == Direction.Reverse ? "--listen" : "--pod")}");
        }
    }

    private void CheckReverse(RouteDocument route)
    {
        if (route.ClusterId == RouteConfiguration.OriginalClusterId)
        {
            problems.Error(
                route.Node[RouteKeys.ForwardTo.Name]!,
                $"forwardTo {RouteConfiguration.OriginalClusterId} on a reverse route: its caller addressed the proxy and dialled nothing else; write cluster");
        }

        if (!route.Match.Sni.IsEmpty)
        {
            problems.Error(
                route.Node.Find(RouteKeys.Match.Name, MatchKeys.Sni.Name)!,
                "sni on a reverse route: that listener speaks HTTP in the clear and carries nothing else; write hosts, or direction: outbound or inbound");
        }
    }

    // What reaches the application must end in this pod: anything else would make the sidecar of one pod a proxy to others.
    private void CheckInbound(RouteDocument route, ClusterConfiguration cluster)
    {
        var elsewhere = cluster.Dns is { } dns
            ? $"dns {MessageText.Quote(dns.Name)}"
            : cluster.Destinations.FirstOrDefault(destination => !IsLoopback(destination.Address)) is { } destination
                ? $"destination {MessageText.Quote(destination.Id)} ({MessageText.Escape(destination.Address.OriginalString)})"
                : null;
        if (elsewhere is not null)
        {
            problems.Error(
                route.Node[RouteKeys.Cluster.Name]!,
                $"inbound routes may only go to this pod, and cluster {MessageText.Quote(cluster.Id)} has {elsewhere}: "
                + $"write forwardTo: {RouteConfiguration.OriginalClusterId}, or a cluster of loopback addresses only");
        }
    }

    private static bool IsLoopback(Uri address) =>
        address.Host == "localhost" || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip));

    private static string Word(Direction direction) => RouteKeys.Directions.TokenOf(direction);
}
