using System.Collections.Immutable;

namespace Sidecar.Proxy.Telemetry;

/// <summary>What kind of number an instrument is.</summary>
public enum InstrumentKind
{
    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>Goes up and down; read at export.</summary>
    Gauge,

    /// <summary>A distribution of durations.</summary>
    Histogram,
}

/// <summary>One row of the table of instruments.</summary>
/// <param name="Name">OpenTelemetry name; Prometheus' is derived from it by <see cref="PrometheusNames"/>.</param>
/// <param name="Kind">What kind of number it is.</param>
/// <param name="Unit">UCUM unit: <c>s</c>, or an annotation such as <c>{request}</c>, which Prometheus' name drops.</param>
/// <param name="Description">One sentence: HELP in Prometheus, description in OTLP.</param>
/// <param name="Labels">Attribute names, in the order in which recording passes their values; at most seven.</param>
/// <param name="Buckets">Upper bounds of a histogram in seconds; empty otherwise.</param>
/// <param name="SeriesPerRoute">Label combinations to expect for one route; sizes the cap (<see cref="MaxSeries"/>).</param>
public sealed record InstrumentDefinition(
    string Name,
    InstrumentKind Kind,
    string Unit,
    string Description,
    ImmutableArray<string> Labels,
    ImmutableArray<double> Buckets,
    int SeriesPerRoute)
{
    /// <summary>
    /// Most label combinations this instrument keeps; what comes after goes to one overflow series. The same number caps
    /// our own store and the OpenTelemetry SDK, whose default of 2 000 would pre-allocate for every instrument.
    /// A reload may add routes, hence the floor of 25 and the factor of 2.
    /// </summary>
    /// <param name="routeCount">Routes at start.</param>
    public int MaxSeries(int routeCount) => Math.Clamp(SeriesPerRoute * Math.Max(routeCount, 25) * 2, 50, 20_000);
}

/// <summary>
/// Every instrument of the product, once: Prometheus, OTLP and the reference documentation are made from this table
/// (PRODUCT §6). <c>route</c> is <c>passthrough</c> where no written route matched, whatever the direction.
/// </summary>
public static class Instruments
{
    // Semantic conventions start at 5 ms, which hides everything a sidecar adds; the upper end covers the default request timeout.
    private static readonly ImmutableArray<double> RequestBuckets =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];

    // PRODUCT §6: 50 µs … 10 ms.
    private static readonly ImmutableArray<double> AddedLatencyBuckets =
        [0.00005, 0.0001, 0.0002, 0.0003, 0.0004, 0.0006, 0.0008, 0.001, 0.002, 0.005, 0.01];

    private static readonly ImmutableArray<string> HttpLabels =
        ["direction", "route", "cluster", "destination", "http.request.method", "http.response.status_code", "error.type"];

    /// <summary>Index of <c>http.response.status_code</c> in the labels of the two HTTP histograms.</summary>
    public const int StatusLabel = 5;

    /// <summary>The request as the caller saw it, to the last byte.</summary>
    public static readonly InstrumentDefinition ServerDuration = new(
        "http.server.request.duration", InstrumentKind.Histogram, "s", "Duration of requests as the caller saw them, to the last byte of the response.",
        HttpLabels, RequestBuckets, 16);

    /// <summary>One attempt, to its response headers.</summary>
    public static readonly InstrumentDefinition ClientDuration = new(
        "http.client.request.duration", InstrumentKind.Histogram, "s", "Duration of attempts at the upstream, to the response headers.",
        HttpLabels, RequestBuckets, 16);

    /// <summary>What the proxy itself costs.</summary>
    public static readonly InstrumentDefinition AddedLatency = new(
        "sidecar.added_latency", InstrumentKind.Histogram, "s",
        "Time in the proxy minus time waiting for the upstream and between attempts; streams are left out.",
        ["direction", "route"], AddedLatencyBuckets, 1);

    /// <summary>Requests by what became of them: the four outcomes add up to all requests.</summary>
    public static readonly InstrumentDefinition Requests = new(
        "sidecar.requests", InstrumentKind.Counter, "{request}", "Finished requests by outcome: success, failure, refused or cancelled.",
        ["direction", "route", "outcome"], [], 4);

    /// <summary>Attempts sent to an upstream.</summary>
    public static readonly InstrumentDefinition Attempts = new(
        "sidecar.attempts", InstrumentKind.Counter, "{attempt}", "Attempts at the upstream, the first one included.",
        ["direction", "route", "cluster", "destination"], [], 4);

    /// <summary>What became of wishes to retry.</summary>
    public static readonly InstrumentDefinition Retries = new(
        "sidecar.retries", InstrumentKind.Counter, "{retry}",
        "Failed attempts that matched a retry condition, by what became of the retry.",
        ["direction", "route", "cluster", "outcome"], [], 6);

    /// <summary>Retries a cluster may still do now.</summary>
    public static readonly InstrumentDefinition RetryBudget = new(
        "sidecar.retry_budget.available", InstrumentKind.Gauge, "{retry}", "Retries that the cluster's budget would allow now.",
        ["cluster"], [], 1);

    /// <summary>Breakers by state.</summary>
    public static readonly InstrumentDefinition BreakerStates = new(
        "sidecar.breaker.state", InstrumentKind.Gauge, "{breaker}",
        "Circuit breakers in each state; dynamic destinations are counted together.",
        ["direction", "route", "cluster", "destination", "state"], [], 16);

    /// <summary>Breaker transitions.</summary>
    public static readonly InstrumentDefinition BreakerTransitions = new(
        "sidecar.breaker.transitions", InstrumentKind.Counter, "{transition}", "Transitions of circuit breakers.",
        ["direction", "route", "cluster", "destination", "to", "reason"], [], 16);

    /// <summary>Destinations taken out of a route's selection.</summary>
    public static readonly InstrumentDefinition Ejections = new(
        "sidecar.ejections", InstrumentKind.Counter, "{ejection}", "Destinations taken out of a route's selection by their breaker.",
        ["direction", "route", "cluster", "destination"], [], 4);

    /// <summary>Requests being carried.</summary>
    public static readonly InstrumentDefinition InFlight = new(
        "sidecar.inflight", InstrumentKind.Gauge, "{request}", "Requests in flight.", ["direction", "route"], [], 1);

    /// <summary>Requests we answered without an upstream, by flag.</summary>
    public static readonly InstrumentDefinition Refused = new(
        "sidecar.refused", InstrumentKind.Counter, "{request}",
        "Requests refused by the proxy, by flag; BR includes what the HTTP parser refused before it was a request.",
        ["direction", "route", "flag"], [], 7);

    /// <summary>Configuration reloads.</summary>
    public static readonly InstrumentDefinition ConfigReloads = new(
        "sidecar.config.reloads", InstrumentKind.Counter, "{reload}", "Configurations read, by result.", ["result"], [], 0);

    /// <summary>The configuration in use, as a number that can be compared across sidecars.</summary>
    public static readonly InstrumentDefinition ConfigHash = new(
        "sidecar.config.hash", InstrumentKind.Gauge, "{hash}",
        "First 48 bits of the hash of the configuration in use: equal configurations have equal numbers.", [], [], 0);

    /// <summary>Accepted configurations since start.</summary>
    public static readonly InstrumentDefinition ConfigRevision = new(
        "sidecar.config.revision", InstrumentKind.Gauge, "{revision}", "Number of the configuration in use, counted since start.", [], [], 0);

    /// <summary>Age of the configuration in use.</summary>
    public static readonly InstrumentDefinition ConfigRevisionAge = new(
        "sidecar.config.revision_age", InstrumentKind.Gauge, "s", "Time since the configuration in use was accepted.", [], [], 0);

    /// <summary>1 while the last configuration read was rejected.</summary>
    public static readonly InstrumentDefinition ConfigRejected = new(
        "sidecar.config.rejected", InstrumentKind.Gauge, "{configuration}", "1 while the last configuration read was rejected and an older one is in use.", [], [], 0);

    /// <summary>Downstream connections.</summary>
    public static readonly InstrumentDefinition Connections = new(
        "sidecar.connections", InstrumentKind.Gauge, "{connection}", "Open downstream connections.", ["direction"], [], 0);

    /// <summary>What became of looking at intercepted connections.</summary>
    public static readonly InstrumentDefinition Detection = new(
        "sidecar.detection", InstrumentKind.Counter, "{connection}",
        "Intercepted connections by what was found: http1, http2, tls, tcp, server-first, server-first-known, opaque-port, silent, refused.",
        ["direction", "outcome"], [], 0);

    /// <summary>Connections carried as TCP.</summary>
    public static readonly InstrumentDefinition OpaqueConnections = new(
        "sidecar.opaque.connections", InstrumentKind.Counter, "{connection}",
        "Connections carried as TCP that ended, by the flag of their failure (none when both sides ended well).",
        ["direction", "route", "protocol", "flag"], [], 12);

    /// <summary>Connections being carried as TCP.</summary>
    public static readonly InstrumentDefinition OpaqueOpen = new(
        "sidecar.opaque.open", InstrumentKind.Gauge, "{connection}", "Connections being carried as TCP.", ["direction"], [], 0);

    /// <summary>Bytes carried as TCP.</summary>
    public static readonly InstrumentDefinition OpaqueBytes = new(
        "sidecar.opaque.bytes", InstrumentKind.Counter, "By",
        "Bytes of connections carried as TCP that ended: sent by the client, received from the upstream.",
        ["direction", "route", "flow"], [], 2);

    /// <summary>1 while draining.</summary>
    public static readonly InstrumentDefinition Draining = new(
        "sidecar.draining", InstrumentKind.Gauge, "{process}", "1 while the proxy is draining.", [], [], 0);

    /// <summary>Telemetry that was lost.</summary>
    public static readonly InstrumentDefinition TelemetryLost = new(
        "sidecar.telemetry.lost", InstrumentKind.Counter, "{item}",
        "Telemetry lost because its reader was away or too slow: log lines, spans, metric exports, exported log records.",
        ["kind"], [], 0);

    /// <summary>All of them, in the order in which they are exported.</summary>
    public static readonly ImmutableArray<InstrumentDefinition> All =
    [
        ServerDuration, ClientDuration, AddedLatency, Requests, Attempts, Retries, RetryBudget, BreakerStates, BreakerTransitions, Ejections,
        InFlight, Refused, ConfigReloads, ConfigHash, ConfigRevision, ConfigRevisionAge, ConfigRejected, Connections,
        Detection, OpaqueConnections, OpaqueOpen, OpaqueBytes, Draining, TelemetryLost,
    ];
}
