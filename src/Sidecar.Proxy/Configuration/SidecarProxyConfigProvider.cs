using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace Sidecar.Proxy.Configuration;

/// <summary>Gives Yarp its routes and clusters from the same snapshot that everything else reads.</summary>
public sealed class SidecarProxyConfigProvider(ConfigSnapshot initial) : IProxyConfigProvider, IDisposable
{
    private volatile YarpConfig _current = new(initial);

    /// <inheritdoc/>
    public IProxyConfig GetConfig() => _current;

    /// <summary>Yarp takes the new routes at once; requests under way keep theirs.</summary>
    public void Update(ConfigSnapshot snapshot)
    {
        var previous = _current;
        _current = new YarpConfig(snapshot);
        previous.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _current.Dispose();

    private sealed class YarpConfig : IProxyConfig, IDisposable
    {
        private readonly CancellationTokenSource _changed = new();

        public YarpConfig(ConfigSnapshot snapshot)
        {
            Routes = snapshot.YarpRoutes;
            Clusters = snapshot.YarpClusters;
            ChangeToken = new CancellationChangeToken(_changed.Token);
        }

        public IReadOnlyList<RouteConfig> Routes { get; }

        public IReadOnlyList<ClusterConfig> Clusters { get; }

        public IChangeToken ChangeToken { get; }

        /// <summary>Tells Yarp that another one took its place.</summary>
        public void Dispose()
        {
            _changed.Cancel();
            _changed.Dispose();
        }
    }
}
