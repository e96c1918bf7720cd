using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// Keeps the destinations of a <c>dns:</c> cluster equal to the addresses of its name. A failure keeps the last good
/// addresses: stale ones are better than none, and breakers and health checks find the dead.
/// </summary>
internal sealed class DnsDiscovery : IAsyncDisposable
{
    /// <summary>Addresses of one cluster that are used at most (PRODUCT §2 bounds breakers of dynamic destinations alike).</summary>
    internal const int MaxAddresses = 1024;

    /// <summary>A resolution that takes longer has failed (5 s, resolv.conf's default for one try).</summary>
    internal static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(5);

    private readonly UpstreamCluster _cluster;
    private readonly DnsConfiguration _dns;
    private readonly UpstreamDependencies _dependencies;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;

    private bool _hasForeignDestinations;

    /// <summary>Starts to resolve.</summary>
    /// <param name="cluster">Whose destinations are kept.</param>
    /// <param name="dns">The name.</param>
    /// <param name="previous">Where the cluster's present destinations come from.</param>
    /// <param name="dependencies">Clock, resolver, events.</param>
    public DnsDiscovery(UpstreamCluster cluster, DnsConfiguration dns, DnsConfiguration? previous, UpstreamDependencies dependencies)
    {
        _cluster = cluster;
        _dns = dns;
        _hasForeignDestinations = previous is null || previous with { Refresh = dns.Refresh } != dns;
        _dependencies = dependencies;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Completes when the first resolution ended, well or not.</summary>
    public Task Ready => _ready.Task;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await ResolveAsync();
            _ready.TrySetResult();
            await Task.Delay(_dns.Refresh, _dependencies.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _ready.TrySetResult();
    }

    private async Task ResolveAsync()
    {
        using var timeout = new CancellationTokenSource(ResolveTimeout, _dependencies.Time);
        using var stopOrTimeout = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token);
        try
        {
            var resolving = _dependencies.Resolver.ResolveAsync(_dns.Name, stopOrTimeout.Token);

            // The system's resolver cannot be interrupted on every platform: waiting can.
            var addresses = await resolving.WaitAsync(stopOrTimeout.Token);
            if (addresses.Length == 0)
            {
                Fail("the name has no address");
                return;
            }

            Use(addresses);
        }
        catch (SocketException e)
        {
            Fail(SocketErrors.Describe(e.SocketErrorCode));
        }
        catch (ArgumentException)
        {
            Fail("the name is not valid");
        }
        catch (OperationCanceledException)
        {
            if (!_stopping.IsCancellationRequested)
            {
                Fail("no answer in time");
            }
        }
    }

    private void Fail(string reason)
    {
        if (_hasForeignDestinations)
        {
            // They belong to what the configuration said before; they were a bridge to the first answer, no more.
            _hasForeignDestinations = false;
            _cluster.SetDestinations([]);
        }

        _dependencies.Events.DnsFailed(_cluster.Configuration.Id, _dns.Name, reason, _cluster.Destinations.All.Length);
    }

    private void Use(IPAddress[] addresses)
    {
        // Sorted: resolvers rotate their answers, and a set that only changed its order has not changed.
        var endPoints = addresses
            .Select(address => new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, _dns.Port).ToString())
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToArray();
        var used = endPoints.Take(MaxAddresses).ToArray();

        var old = _cluster.Destinations.All;
        var known = old.Where(destination => destination.IsDynamic && destination.Address.Scheme == _dns.Scheme)
            .ToDictionary(destination => destination.Id, StringComparer.Ordinal);
        _hasForeignDestinations = false;
        if (used.Length == old.Length && used.All(known.ContainsKey))
        {
            return;
        }

        var added = used.Count(id => !known.ContainsKey(id));
        var removed = old.Length - (used.Length - added);
        _cluster.SetDestinations([.. used.Select(id => known.GetValueOrDefault(id) ?? Create(id))]);
        _dependencies.Events.DnsChanged(_cluster.Configuration.Id, _dns.Name, added, removed, endPoints.Length - used.Length);
    }

    private Destination Create(string id) =>
        new(_cluster.Configuration.Id, id, new Uri($"{_dns.Scheme}://{id}/"), weight: 1, isDynamic: true);
}
