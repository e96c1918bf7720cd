using System.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>Makes the listeners of intercepted traffic when the server binds their addresses.</summary>
/// <param name="listeners">The configured addresses.</param>
/// <param name="guard">Refuses loops.</param>
/// <param name="forwarder">Carries what is not HTTP.</param>
/// <param name="serverFirst">Destinations whose servers speak first.</param>
/// <param name="settings">The settings in force.</param>
/// <param name="connectionLimit">Open connections allowed.</param>
/// <param name="counters">What is open.</param>
/// <param name="telemetry">Metrics and lines.</param>
/// <param name="time">Clock.</param>
public sealed class InterceptionListeners(
    ListenersConfiguration listeners,
    LoopGuard guard,
    IOpaqueForwarder forwarder,
    ServerFirstPorts serverFirst,
    Func<InterceptionConfiguration> settings,
    int connectionLimit,
    TrafficCounters counters,
    RequestTelemetry telemetry,
    TimeProvider time)
{
    private readonly Func<InterceptedConnection, ConnectionContext> _toHttp = ProxyServices.Connections();

    /// <summary>The listener of an intercepted address; null for any other.</summary>
    public IConnectionListener? Create(EndPoint endpoint) =>
        ProxyServices.IsAddressOf(endpoint, listeners.Outbound) ? Create((IPEndPoint)endpoint, ListenerKind.Outbound)
        : ProxyServices.IsAddressOf(endpoint, listeners.Inbound) ? Create((IPEndPoint)endpoint, ListenerKind.Inbound)
        : null;

    private InterceptionListener Create(IPEndPoint address, ListenerKind kind) => new(
        address,
        ProxyServices.Backlog,
        new ConnectionSorter(kind, OriginalDestination.Read, guard, forwarder, _toHttp, serverFirst, settings, connectionLimit, counters, telemetry, time),
        time);
}
