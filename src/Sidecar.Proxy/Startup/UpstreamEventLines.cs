using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Startup;

/// <summary>What the upstream layer tells, as log lines.</summary>
public sealed class UpstreamEventLines(EventLog events) : IUpstreamEvents
{
    /// <inheritdoc/>
    public void HealthChanged(Destination destination, DestinationHealth from, DestinationHealth to, string reason) => events.Write(
        LogEvents.HealthChanged,
        to == DestinationHealth.Unhealthy ? LogSeverity.Warn : LogSeverity.Info,
        [("cluster", destination.ClusterId), ("destination", destination.Id), ("from", Name(from)), ("to", Name(to)), ("reason", reason)]);

    /// <inheritdoc/>
    public void DnsChanged(string clusterId, string name, int added, int removed, int ignored) => events.Write(
        LogEvents.DnsChanged,
        ignored > 0 ? LogSeverity.Warn : LogSeverity.Info,
        [("cluster", clusterId), ("name", name), ("added", added), ("removed", removed), ("ignored", ignored)]);

    /// <inheritdoc/>
    public void DnsFailed(string clusterId, string name, string reason, int inUse) => events.Write(
        LogEvents.DnsFailed, LogSeverity.Warn, [("cluster", clusterId), ("name", name), ("reason", reason), ("inUse", inUse)]);

    /// <inheritdoc/>
    public void TlsFilesReloaded(string clusterId) => events.Write(
        LogEvents.UpstreamFailed, LogSeverity.Info, [("cluster", clusterId), ("reason", "certificate files changed and are used for new connections")]);

    /// <inheritdoc/>
    public void TlsFilesFailed(string clusterId, string reason) => events.Write(
        LogEvents.UpstreamFailed, LogSeverity.Warn, [("cluster", clusterId), ("reason", reason)]);

    private static string Name(DestinationHealth health) => health switch
    {
        DestinationHealth.Healthy => "healthy",
        DestinationHealth.Unhealthy => "unhealthy",
        _ => "unknown",
    };
}
