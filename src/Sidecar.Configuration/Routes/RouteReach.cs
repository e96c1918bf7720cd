using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Routes;

/// <summary>What requests, or connections, a route reaches, prepared for comparing it with many others.</summary>
internal sealed class RouteReach
{
    private readonly MatchConfiguration _match;
    private readonly PathTemplate _template;
    private readonly HashSet<string> _hosts;
    private readonly HashSet<string> _methods;

    /// <param name="route">The route; its path has been parsed before.</param>
    public RouteReach(RouteConfiguration route)
    {
        Route = route;
        _match = route.Match;
        _template = (_match.Path is null ? null : PathTemplate.Parse(_match.Path, out _)) ?? PathTemplate.Everything;
        Hosts = _match.IsTcp ? _match.Sni : _match.Hosts;
        _hosts = Hosts.ToHashSet(StringComparer.Ordinal);
        _methods = _match.Methods.ToHashSet(StringComparer.Ordinal);
        PathKey = _template.OverlapKey;
    }

    /// <summary>The route.</summary>
    public RouteConfiguration Route { get; }

    /// <summary>Names it matches; of a TCP route its server names.</summary>
    public ImmutableArray<string> Hosts { get; }

    /// <summary>See <see cref="PathTemplate.OverlapKey"/>.</summary>
    public string PathKey { get; }

    /// <summary>Does it reach every request that <paramref name="other"/> reaches? False where that cannot be decided.</summary>
    public bool Covers(RouteReach other) =>
        Route.Direction == other.Route.Direction && _match.IsTcp == other._match.IsTcp
        && (_match.Port is null || _match.Port == other._match.Port)
        && _template.Covers(other._template)
        && (_hosts.Count == 0 || (other._hosts.Count > 0 && other._hosts.All(CoversHost)))
        && (_methods.Count == 0 || (other._methods.Count > 0 && other._methods.IsSubsetOf(_methods)))
        && _match.Headers.All(header => other._match.Headers.Any(candidate => HeaderConditions.AreSame(header, candidate)));

    /// <summary>
    /// Can a request that leaves by this route arrive by <paramref name="other"/>, in another pod? Ports do not count: a service's
    /// port is not the one behind it. False where it cannot be decided.
    /// </summary>
    public bool CanMeet(RouteReach other) =>
        (_template.Covers(other._template) || other._template.Covers(_template))
        && (_hosts.Count == 0 || other._hosts.Count == 0 || _hosts.Any(other.CoversHost) || other._hosts.Any(CoversHost))
        && (_methods.Count == 0 || other._methods.Count == 0 || _methods.Overlaps(other._methods))
        && !_match.Headers.Any(header => other._match.Headers.Any(candidate => HeaderConditions.AreDisjoint(header, candidate)));

    /// <summary>The host itself, or a wildcard above it.</summary>
    private bool CoversHost(string host)
    {
        if (_hosts.Contains(host))
        {
            return true;
        }

        var start = host.StartsWith("*.", StringComparison.Ordinal) ? 2 : 0;
        for (var dot = host.IndexOf('.', start); dot >= 0; dot = host.IndexOf('.', dot + 1))
        {
            if (_hosts.Contains("*" + host[dot..]))
            {
                return true;
            }
        }

        return false;
    }
}
