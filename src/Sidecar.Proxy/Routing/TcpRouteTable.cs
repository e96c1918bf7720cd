using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Routing;

/// <summary>
/// The routes of what is not HTTP: by server name and by port. Tried in the order of HTTP routes as far as it applies
/// (PRODUCT §2): <c>order</c>; then port written; exact name, longest wildcard, none.
/// </summary>
public sealed class TcpRouteTable
{
    private ImmutableArray<Entry> _entries = [];

    /// <summary>The TCP routes of an accepted configuration take effect for new connections.</summary>
    public void Publish(IEnumerable<LiveRoute> routes) =>
        ImmutableInterlocked.InterlockedExchange(
            ref _entries,
            [
                .. routes.Where(static route => route.Compiled.Route.Match.IsTcp)
                    .SelectMany(Entries)
                    .OrderBy(static entry => entry.Route.Compiled.Route.Order)
                    .ThenByDescending(static entry => entry.Port is not null)
                    .ThenByDescending(static entry => entry.Rank),
            ]);

    /// <summary>The route of a connection; null when none was written for it.</summary>
    /// <param name="direction">Which way it goes.</param>
    /// <param name="port">Port it was dialled to.</param>
    /// <param name="serverName">What a TLS client asked for, in lower case; null when it did not, or nothing is known yet.</param>
    public LiveRoute? Find(Direction direction, int port, string? serverName)
    {
        foreach (var entry in _entries)
        {
            if (entry.Route.Compiled.Route.Direction == direction && (entry.Port is null || entry.Port == port) && entry.Matches(serverName))
            {
                return entry.Route;
            }
        }

        return null;
    }

    private static IEnumerable<Entry> Entries(LiveRoute route)
    {
        var match = route.Compiled.Route.Match;
        return match.Sni.IsDefaultOrEmpty
            ? [new Entry(route, match.Port, null)]
            : match.Sni.Select(name => new Entry(route, match.Port, name.ToLowerInvariant()));
    }

    private sealed record Entry(LiveRoute Route, int? Port, string? Name)
    {
        private readonly bool _isWildcard = Name?.StartsWith("*.", StringComparison.Ordinal) ?? false;

        public int Rank => Name is null ? 0 : _isWildcard ? Name.Length : int.MaxValue;

        public bool Matches(string? serverName) => Name is null
            || (serverName is not null && (_isWildcard
                ? serverName.Length > Name.Length - 1 && serverName.EndsWith(Name[1..], StringComparison.Ordinal)
                : serverName == Name));
    }
}
