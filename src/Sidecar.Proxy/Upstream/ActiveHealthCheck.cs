using System.Collections.Immutable;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// Probes every destination of a cluster by GET requests of its own, over connections of its own, and writes the
/// verdict into <see cref="Destination.Health"/>.
/// </summary>
internal sealed class ActiveHealthCheck(ClusterConfiguration cluster, UpstreamDependencies dependencies) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Destination, HealthProbe> _probes = [];

    // One connection per destination, apart from the traffic's limit: a full pool must not make a destination look ill.
    private readonly UpstreamTransport _transport = new(
        TransportSettings.Of(cluster) with { Connections = cluster.Connections with { Max = int.MaxValue } }, dependencies.Dialer, dependencies.Time, dependencies.Events);

    private bool _isDisposed;

    /// <summary>Probes exactly these from now on.</summary>
    public void Watch(ImmutableArray<Destination> destinations)
    {
        List<HealthProbe> stopped = [];
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            var wanted = destinations.ToHashSet();
            foreach (var (destination, probe) in _probes)
            {
                if (!wanted.Contains(destination))
                {
                    stopped.Add(probe);
                    _probes.Remove(destination);
                }
            }

            foreach (var destination in wanted)
            {
                if (!_probes.ContainsKey(destination))
                {
                    _probes.Add(destination, new HealthProbe(destination, cluster, _transport, dependencies));
                }
            }
        }

        foreach (var probe in stopped)
        {
            // Nothing depends on its end.
            _ = probe.DisposeAsync().AsTask();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        HealthProbe[] probes;
        lock (_lock)
        {
            _isDisposed = true;
            probes = [.. _probes.Values];
            _probes.Clear();
        }

        await Task.WhenAll(probes.Select(probe => probe.DisposeAsync().AsTask()));
        _transport.Dispose();
    }
}
