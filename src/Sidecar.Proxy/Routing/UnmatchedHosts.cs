using System.Collections.Immutable;

namespace Sidecar.Proxy.Routing;

/// <summary>Requests to a host that no written route matched.</summary>
/// <param name="Direction">Which way they go.</param>
/// <param name="Host">As the caller wrote it; hostile: escape before writing.</param>
/// <param name="Requests">At least so many were seen, at most <paramref name="Excess"/> fewer.</param>
/// <param name="Excess">How much of the count may belong to hosts that were seen before it.</param>
public sealed record UnmatchedHost(string Direction, string Host, long Requests, long Excess);

/// <summary>
/// The busiest hosts without a written route, for <c>/routes</c>: what an operator would write a policy for next. Bounded at
/// a hundred whatever the callers send, by the space-saving algorithm (Metwally, Agrawal, El Abbadi 2005): a new host takes the place and the count of
/// the least busy one, so that a busy one is never missed.
/// </summary>
public sealed class UnmatchedHosts
{
    /// <summary>Most hosts kept (PRODUCT §2).</summary>
    public const int Most = 100;

    // A host name has at most 253 characters (RFC 1035 §2.3.4), a port five.
    private const int LongestHost = 260;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Direction, string Host), Count> _counts = [];

    /// <summary>A request was not matched.</summary>
    public void Add(string direction, string host)
    {
        if (host.Length is 0 or > LongestHost)
        {
            return;
        }

        var key = (direction, host);
        lock (_lock)
        {
            if (_counts.TryGetValue(key, out var count))
            {
                count.Requests++;
                return;
            }

            if (_counts.Count < Most)
            {
                _counts.Add(key, new Count { Requests = 1 });
                return;
            }

            var (least, taken) = _counts.MinBy(static entry => entry.Value.Requests);
            _counts.Remove(least);
            _counts.Add(key, new Count { Requests = taken.Requests + 1, Excess = taken.Requests });
        }
    }

    /// <summary>The busiest first.</summary>
    public ImmutableArray<UnmatchedHost> Busiest()
    {
        lock (_lock)
        {
            return
            [
                .. _counts.OrderByDescending(static entry => entry.Value.Requests)
                    .Select(static entry => new UnmatchedHost(entry.Key.Direction, entry.Key.Host, entry.Value.Requests, entry.Value.Excess)),
            ];
        }
    }

    private sealed class Count
    {
        public long Requests { get; set; }

        public long Excess { get; init; }
    }
}
