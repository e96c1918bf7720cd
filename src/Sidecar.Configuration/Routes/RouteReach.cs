using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Routes;

/// <summary>What requests a route reaches, prepared for comparing it with many others.</summary>
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
        _hosts = _match.Hosts.ToHashSet(StringComparer.Ordinal);
        _methods = _match.Methods.ToHashSet(StringComparer.Ordinal);
        PathKey = _template.OverlapKey;
    }

    /// <summary>The route.</summary>
    public RouteConfiguration Route { get; }

    /// <summary>See <see cref="PathTemplate.OverlapKey"/>.</summary>
    public string PathKey { get; }

    /// <summary>Does it reach every request that <paramref name="other"/> reaches? False where that cannot be decided.</summary>
    public bool Covers(RouteReach other) =>
        (_match.Port is null || _match.Port == other._match.Port)
        && _template.Covers(other._template)
        && (_hosts.Count == 0 || (other._hosts.Count > 0 && other._hosts.All(CoversHost)))
        && (_methods.Count == 0 || (other._methods.Count > 0 && other._methods.IsSubsetOf(_methods)))
        && _match.Headers.All(header => other._match.Headers.Any(candidate => HeaderConditions.AreSame(header, candidate)));

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
