using System.Collections.Immutable;
using System.Net;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// One cluster while it is configured: its destinations, its connections, its health checks. Lives across reloads that
/// do not change it.
/// </summary>
public sealed class UpstreamCluster : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly UpstreamTransport _transport;
    private readonly DnsDiscovery? _discovery;
    private readonly ActiveHealthCheck? _healthCheck;
    private DestinationSet _destinations;
    private bool _hasHandedOver;

    internal UpstreamCluster(ClusterConfiguration configuration, UpstreamCluster? previous, UpstreamDependencies dependencies)
    {
        Configuration = configuration;
        _time = dependencies.Time;
        Balancer = LoadBalancers.Create(configuration.LoadBalancing, dependencies.Random, dependencies.Time);

        // Connections stay warm across a reload that does not concern them.
        var settings = TransportSettings.Of(configuration);
        _transport = previous?._transport is { } kept && kept.Settings == settings
            ? kept
            : new UpstreamTransport(settings, dependencies.Dialer, dependencies.Time, dependencies.Events);

        _destinations = new DestinationSet(DestinationMerge.Merge(configuration, previous?.Destinations.All ?? []));
        if (configuration.ActiveHealthCheck is not null)
        {
            _healthCheck = new ActiveHealthCheck(configuration, dependencies);
        }

        SetDestinations(_destinations.All);
        if (configuration.Dns is not null)
        {
            _discovery = new DnsDiscovery(this, configuration.Dns, previous?.Configuration.Dns, dependencies);
        }

        // Last, when nothing above can fail any more: from here on the transport is ours to close.
        if (previous is not null && ReferenceEquals(_transport, previous._transport))
        {
            previous._hasHandedOver = true;
        }
    }

    /// <summary>What it was made from.</summary>
    public ClusterConfiguration Configuration { get; }

    /// <summary>Chooses among <see cref="Destinations"/>.</summary>
    public ILoadBalancer Balancer { get; }

    /// <summary>The destinations at this moment; replaced whole when DNS answers differently. May be empty.</summary>
    public DestinationSet Destinations => Volatile.Read(ref _destinations);

    /// <summary>Open and opening connections to all destinations, those of health checks not included.</summary>
    public int OpenConnections => _transport.OpenConnections;

    /// <summary>Completes when DNS was asked once, whatever it answered; at once for written destinations.</summary>
    public Task Ready => _discovery?.Ready ?? Task.CompletedTask;

    /// <summary>
    /// Sends a request once and returns at response headers. The message's address, headers and body are the caller's;
    /// version and version policy are set here. Never throws for an expected outcome. Works on a cluster that a reload
    /// has removed meanwhile.
    /// </summary>
    /// <param name="request">The message; its address must be <c>http</c> or <c>https</c> and name the destination.</param>
    /// <param name="call">Where to and how.</param>
    /// <param name="cancellationToken">Ends it with <see cref="ProxyError.CallerGone"/>; after the headers it has no effect.</param>
    public ValueTask<UpstreamResult> SendAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromResult(new UpstreamResult { Error = ProxyError.CallerGone, Detail = "Cancelled." });
        }

        (request.Version, request.VersionPolicy) = ProtocolSelection.Select(Configuration.Protocol, request, call.IsCallerHttp2);
        return Configuration.LoadBalancing == LoadBalancingKind.PeakEwma
            ? SendObservedAsync(request, call, cancellationToken)
            : _transport.SendAsync(request, call.NeedsFreshConnection, call.ConnectTimeout, cancellationToken);
    }

    /// <summary>
    /// Ends resolution and health checks and closes idle connections; busy ones close after their exchange, which is
    /// not interrupted.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_discovery is not null)
        {
            await _discovery.DisposeAsync();
        }

        if (_healthCheck is not null)
        {
            await _healthCheck.DisposeAsync();
        }

        if (!_hasHandedOver)
        {
            _transport.Dispose();
        }
    }

    // A failure says nothing about latency, unless it is a timeout: then the destination took at least this long.
    private async ValueTask<UpstreamResult> SendObservedAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        var result = await _transport.SendAsync(request, call.NeedsFreshConnection, call.ConnectTimeout, cancellationToken);
        if (result.Response is not null || result.IsConnectTimeout || cancellationToken.IsCancellationRequested)
        {
            call.Destination.Latency.Observe(_time.GetElapsedTime(start), _time);
        }

        return result;
    }

    /// <summary>Replaces the destinations; those already known keep their objects.</summary>
    internal void SetDestinations(ImmutableArray<Destination> destinations)
    {
        Volatile.Write(ref _destinations, new DestinationSet(destinations));
        _healthCheck?.Watch(destinations);
    }
}
