using System.Collections.Concurrent;
using System.Net;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies.Retry;

namespace Sidecar.Proxy.Routing;

/// <summary>An address that the application dialled, as the upstream half sees it: a cluster of one.</summary>
/// <param name="Set">The address alone.</param>
/// <param name="Budget">Its own retry budget (PRODUCT §2: per original destination).</param>
public sealed record OriginalTarget(DestinationSet Set, RetryBudget Budget);

/// <summary>
/// The addresses that applications dial, so that counts, latency, budgets and breakers of an address live across its
/// requests. Bounded: the ones least recently used leave first; beyond the bound an address is carried without a memory.
/// </summary>
/// <param name="time">Clock.</param>
public sealed class OriginalDestinations(TimeProvider time)
{
    /// <summary>Most addresses remembered (PRODUCT §2).</summary>
    public const int Most = 1024;

    private readonly ConcurrentDictionary<IPEndPoint, Entry> _targets = new();

    /// <summary>The target of an address.</summary>
    public OriginalTarget Get(IPEndPoint address)
    {
        if (_targets.TryGetValue(address, out var entry))
        {
            entry.UsedAt = time.GetTimestamp();
            return entry.Target;
        }

        var made = new Entry(Create(address), time.GetTimestamp());
        if (_targets.Count >= Most)
        {
            ForgetSome();
        }

        return _targets.Count >= Most ? made.Target : _targets.GetOrAdd(address, made).Target;
    }

    private OriginalTarget Create(IPEndPoint address)
    {
        var uri = new UriBuilder(Uri.UriSchemeHttp, address.Address.ToString(), address.Port).Uri;
        var destination = new Destination(RouteConfiguration.OriginalClusterId, address.ToString(), uri, ConfigurationDefaults.DestinationWeight, isDynamic: true);
        return new OriginalTarget(new DestinationSet([destination]), new RetryBudget(ConfigurationDefaults.RetryBudget, time));
    }

    // An eighth at once, so that a scan of addresses does not sort the table for each of them.
    private void ForgetSome()
    {
        var idle = _targets.Where(static entry => entry.Value.Target.Set.All[0].InFlight == 0).OrderBy(static entry => entry.Value.UsedAt).Take(Most / 8);
        foreach (var (address, _) in idle)
        {
            _targets.TryRemove(address, out _);
        }
    }

    private sealed class Entry(OriginalTarget target, long usedAt)
    {
        private long _usedAt = usedAt;

        public OriginalTarget Target { get; } = target;

        public long UsedAt
        {
            get => Interlocked.Read(ref _usedAt);
            set => Interlocked.Exchange(ref _usedAt, value);
        }
    }
}
