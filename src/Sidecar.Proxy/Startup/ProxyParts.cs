using Sidecar.Proxy.Admin;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>What the layers of the request path are made of.</summary>
/// <param name="Time">Clock.</param>
/// <param name="Telemetry">Metrics, spans and lines of requests.</param>
/// <param name="Counters">What is open and what was done.</param>
/// <param name="RequestIds">Ids for callers that name none.</param>
/// <param name="Drain">How far a drain has come.</param>
/// <param name="InFlightLimit">Requests that may be in flight now.</param>
/// <param name="ReplayMemory">Cap of all replay buffers together.</param>
/// <param name="Routes">The live routes.</param>
/// <param name="Unmatched">The busiest hosts without a route.</param>
/// <param name="Originals">Addresses that applications dial.</param>
/// <param name="Admin">The controls.</param>
/// <param name="InternalDefect">Told about exceptions that nobody expected.</param>
public sealed record ProxyParts(
    TimeProvider Time,
    RequestTelemetry Telemetry,
    TrafficCounters Counters,
    RequestIds RequestIds,
    DrainState Drain,
    Func<int> InFlightLimit,
    ReplayMemory ReplayMemory,
    RouteTable Routes,
    UnmatchedHosts Unmatched,
    OriginalDestinations Originals,
    AdminEndpoints Admin,
    Action<RequestRecord, Exception> InternalDefect);
