using System.Collections.Immutable;
using Microsoft.AspNetCore.Routing.Patterns;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Configuration;

/// <summary>
/// Which of two matching routes wins (PRODUCT §2): <c>order</c>; then port written; exact host, longest wildcard, none;
/// ASP.NET template precedence; methods written; number of headers. Yarp is given the rank as its <c>Order</c>, so that
/// nothing is left to its own tie-breaking, which answers 500 for equal routes.
/// </summary>
public sealed class RouteOrdering : IComparer<RouteVariant>
{
    /// <summary>The one order.</summary>
    public static RouteOrdering Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(RouteVariant? x, RouteVariant? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var result = x.Route.Order.CompareTo(y.Route.Order);
        result = result != 0 ? result : y.Route.Match.Port.HasValue.CompareTo(x.Route.Match.Port.HasValue);
        result = result != 0 ? result : y.HostRank.CompareTo(x.HostRank);
        result = result != 0 ? result : x.Pattern.InboundPrecedence.CompareTo(y.Pattern.InboundPrecedence);
        result = result != 0 ? result : (y.Route.Match.Methods.Length > 0).CompareTo(x.Route.Match.Methods.Length > 0);
        return result != 0 ? result : y.Route.Match.Headers.Length.CompareTo(x.Route.Match.Headers.Length);
    }
}

/// <summary>A route with one class of its hosts: exact ones together, each wildcard alone, since they rank differently.</summary>
/// <param name="Route">The route.</param>
/// <param name="Hosts">Hosts of this variant; empty matches every host.</param>
/// <param name="HostRank">Higher wins: exact, then wildcards by length, then none.</param>
/// <param name="Pattern">The parsed path template.</param>
public sealed record RouteVariant(RouteConfiguration Route, ImmutableArray<string> Hosts, int HostRank, RoutePattern Pattern)
{
    private const int ExactHost = int.MaxValue;

    /// <summary>The variants of a route.</summary>
    public static IEnumerable<RouteVariant> Of(RouteConfiguration route, RoutePattern pattern)
    {
        var hosts = route.Match.Hosts;
        if (hosts.IsEmpty)
        {
            yield return new(route, [], 0, pattern);
            yield break;
        }

        var exact = hosts.Where(host => !IsWildcard(host)).ToImmutableArray();
        if (!exact.IsEmpty)
        {
            yield return new(route, exact, ExactHost, pattern);
        }

        foreach (var wildcard in hosts.Where(IsWildcard))
        {
            yield return new(route, [wildcard], wildcard.Length, pattern);
        }
    }

    private static bool IsWildcard(string host) => host.StartsWith("*.", StringComparison.Ordinal);
}
