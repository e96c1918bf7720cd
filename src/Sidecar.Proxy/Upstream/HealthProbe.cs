using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>The probing of one destination, until stopped.</summary>
internal sealed class HealthProbe : IAsyncDisposable
{
    private readonly Destination _destination;
    private readonly ClusterConfiguration _cluster;
    private readonly ActiveHealthCheckConfiguration _check;
    private readonly UpstreamTransport _transport;
    private readonly UpstreamDependencies _dependencies;
    private readonly HealthVerdict _verdict;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public HealthProbe(Destination destination, ClusterConfiguration cluster, UpstreamTransport transport, UpstreamDependencies dependencies)
    {
        _destination = destination;
        _cluster = cluster;
        _check = cluster.ActiveHealthCheck!;
        _transport = transport;
        _dependencies = dependencies;
        _verdict = new HealthVerdict(_check.Threshold, destination.Health);
        _running = Task.Run(RunAsync);
    }

    /// <summary>No further probe; a running one is cancelled and not counted.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        // Spread over the interval: all sidecars of a deployment start together.
        var wait = _check.Interval * _dependencies.Random.NextDouble();
        while (true)
        {
            await Task.Delay(wait, _dependencies.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            wait = _check.Interval;
            var failure = await ProbeAsync();
            if (!_stopping.IsCancellationRequested && _verdict.Observe(failure is null))
            {
                var before = _destination.Health;
                _destination.Health = _verdict.Current;
                _dependencies.Events.HealthChanged(_destination, before, _verdict.Current, failure ?? "the probe succeeded");
            }
        }
    }

    // Null, or why the probe failed.
    private async Task<string?> ProbeAsync()
    {
        using var timeout = new CancellationTokenSource(_check.Timeout, _dependencies.Time);
        using var stopOrTimeout = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_destination.Address, _check.Path));
        request.Headers.Host = ProbeHost();
        (request.Version, request.VersionPolicy) = ProtocolSelection.Select(_cluster.Protocol, request, isCallerHttp2: false);

        var result = await _transport.SendAsync(request, needsFreshConnection: false, connectTimeout: null, stopOrTimeout.Token);
        using var response = result.Response;
        if (response is null)
        {
            return result.Error == ProxyError.CallerGone ? "no answer in time" : result.Detail;
        }

        var status = (int)response.StatusCode;
        return status is >= 200 and < 400 ? null : $"status {status}";
    }

    // An address from DNS is a bare IP; its server knows itself by name.
    private string ProbeHost() =>
        _cluster.Dns is { } dns ? new UriBuilder(dns.Scheme, dns.Name, dns.Port).Uri.Authority : _destination.Address.Authority;
}
