using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// What the upstream layer tells about itself beside the requests: event lines and counters. Called from background
/// work; implementations only count and enqueue, and do not throw.
/// </summary>
public interface IUpstreamEvents
{
    /// <summary>Active health checks changed their verdict of a destination.</summary>
    /// <param name="destination">Already carries the new verdict.</param>
    /// <param name="from">Verdict before.</param>
    /// <param name="to">Verdict now.</param>
    /// <param name="reason">One sentence on the last probe, for example <c>status 503</c>.</param>
    void HealthChanged(Destination destination, DestinationHealth from, DestinationHealth to, string reason);

    /// <summary>A name resolved to another set of addresses than before.</summary>
    /// <param name="clusterId">Cluster in the configuration.</param>
    /// <param name="name">The name.</param>
    /// <param name="added">Addresses that are new.</param>
    /// <param name="removed">Addresses that are gone.</param>
    /// <param name="ignored">Addresses beyond the limit of one cluster, not used.</param>
    void DnsChanged(string clusterId, string name, int added, int removed, int ignored);

    /// <summary>A name did not resolve: the last good addresses stay in use.</summary>
    /// <param name="clusterId">Cluster in the configuration.</param>
    /// <param name="name">The name.</param>
    /// <param name="reason">One sentence.</param>
    /// <param name="inUse">Number of addresses still in use.</param>
    void DnsFailed(string clusterId, string name, string reason, int inUse);

    /// <summary>Certificate files changed and are used for new connections.</summary>
    /// <param name="clusterId">Cluster in the configuration.</param>
    void TlsFilesReloaded(string clusterId);

    /// <summary>Certificate files changed but cannot be used: the last good ones stay in use.</summary>
    /// <param name="clusterId">Cluster in the configuration.</param>
    /// <param name="reason">What is wrong, with the file's name.</param>
    void TlsFilesFailed(string clusterId, string reason);
}
