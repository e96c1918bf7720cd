using System.Collections.Immutable;
using System.Net;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;

namespace Sidecar.Configuration;

/// <summary>
/// Every default of the document, once. The readers, the JSON Schema, <c>validate --print-effective</c> and the
/// documentation take them from here; the numbers are the product's contract (policies table and example document).
/// </summary>
public static class ConfigurationDefaults
{
    /// <summary>The only version of the document there is.</summary>
    public const int Version = 1;

    /// <summary>Cluster domain where resolv.conf does not tell (the Kubernetes default).</summary>
    public const string ClusterDomain = "cluster.local";

    /// <summary>Name of the policy that every written route starts from.</summary>
    public const string DefaultPolicyId = "default";

    /// <summary>Order of a route.</summary>
    public const int RouteOrder = 0;

    /// <summary>Mode of a header condition.</summary>
    public const string HeaderMatchMode = "exactHeader";

    /// <summary>Weight of a destination.</summary>
    public const int DestinationWeight = 1;

    /// <summary>Scheme of destinations from DNS.</summary>
    public const string DnsScheme = "http";

    /// <summary>How a destination is chosen.</summary>
    public const LoadBalancingKind LoadBalancing = LoadBalancingKind.PowerOfTwoChoices;

    /// <summary>What is spoken to destinations.</summary>
    public const UpstreamProtocol Protocol = UpstreamProtocol.Auto;

    private const long KiB = 1024;
    private const long MiB = 1024 * KiB;

    /// <summary>Reverse, outbound and inbound are closed unless written; admin on loopback; metrics in the pod's network. New each time: an end point is mutable.</summary>
    public static ListenersConfiguration Listeners =>
        new(Reverse: null, Admin: new IPEndPoint(IPAddress.Loopback, Ports.Admin), Metrics: new IPEndPoint(IPAddress.IPv6Any, Ports.Metrics));

    /// <summary>Bounds of the process.</summary>
    public static LimitsConfiguration Limits { get; } = new(
        Connections: null,
        InFlight: null,
        ReplayTotalBytes: 16 * MiB,
        HeaderTimeout: TimeSpan.FromSeconds(10),
        HeadersBytes: (int)(64 * KiB),
        HeaderCount: 128,
        RequestBodyBytes: null,
        BodyRateBytesPerSecond: null,
        KeepAlive: TimeSpan.FromMinutes(10),
        Http2Streams: 100);

    /// <summary>When a request gets its line.</summary>
    public static AccessLogConfiguration AccessLog { get; } = new(
        SuccessRatio: 0.01,
        Slow: TimeSpan.FromSeconds(1),
        LinesPerSecond: 200,
        RequestHeaders: ImmutableArray<string>.Empty,
        ResponseHeaders: ImmutableArray<string>.Empty);

    /// <summary>What is told about the traffic.</summary>
    public static TelemetryConfiguration Telemetry { get; } = new(LogSeverity.Info, TraceRatio: 0.01, AccessLog);

    /// <summary>One clock from the signal to the end.</summary>
    public static ShutdownConfiguration Shutdown { get; } = new(Grace: TimeSpan.FromSeconds(30), AcceptFor: null);

    /// <summary>
    /// How intercepted connections are told apart. The ports are the field's usual list (Linkerd's defaults: SMTP, MySQL,
    /// Galera, PostgreSQL, Redis, Elasticsearch's transport, Memcached) and MongoDB, Kafka, AMQP and NATS.
    /// </summary>
    public static InterceptionConfiguration Interception { get; } = new(
        Detection: TimeSpan.FromMilliseconds(100),
        OpaquePorts: [25, 587, 3306, 4444, 5432, 6379, 9300, 11211, 27017, 9092, 5672, 4222],
        ServerFirst: []);

    /// <summary>The clocks of a route.</summary>
    public static TimeoutPolicy Timeouts { get; } = new(
        Request: TimeSpan.FromSeconds(15),
        IsRequestWritten: false,
        PerTry: null,
        Connect: TimeSpan.FromSeconds(3),
        Idle: TimeSpan.FromMinutes(5),
        TunnelIdle: TimeSpan.FromHours(1),
        Stream: null);

    /// <summary>Every clock off: what a policy has that is made of exceptions only.</summary>
    public static TimeoutPolicy NoTimeouts { get; } = new(
        Request: null,
        IsRequestWritten: false,
        PerTry: null,
        Connect: null,
        Idle: null,
        TunnelIdle: null,
        Stream: null);

    /// <summary>The wait between attempts.</summary>
    public static BackoffPolicy Backoff { get; } = new(Base: TimeSpan.FromMilliseconds(25), Max: TimeSpan.FromMilliseconds(250));

    /// <summary>Retry is on by default, for failures that did no harm.</summary>
    public static RetryPolicy Retry { get; } = new(
        MaxRetries: 1,
        RetryOn: RetryConditions.ConnectFailure | RetryConditions.RefusedStream | RetryConditions.Unsent | RetryConditions.StaleConnection,
        Statuses: default,
        Methods: new RetryMethods(RetryMethodsKind.Safe, default),
        Backoff: Backoff,
        RetryAfterMax: TimeSpan.FromSeconds(1),
        ReplayBytes: (int)(64 * KiB));

    /// <summary>
    /// What inbound routes repeat unless <c>retryOn</c> is written in the route's own policy or its <c>base:</c>: only what the
    /// application cannot have seen. Anything more is the caller's to decide, whose own sidecar would repeat it again.
    /// </summary>
    public const RetryConditions InboundRetryOn = RetryConditions.ConnectFailure | RetryConditions.Unsent;

    /// <summary>The breaker of <c>circuitBreaker: {}</c>; a route has none unless the key is present.</summary>
    public static CircuitBreakerPolicy CircuitBreaker { get; } = new(
        Scope: BreakerScope.Destination,
        ConsecutiveFailures: 5,
        FailureRatio: 0.5,
        MinimumThroughput: 10,
        Window: TimeSpan.FromSeconds(10),
        SlowCallDuration: null,
        SlowCallRatio: 0.5,
        OpenBase: TimeSpan.FromSeconds(5),
        OpenMax: TimeSpan.FromSeconds(60),
        OpenJitterRatio: 0.5,
        Probes: 1,
        Ramp: TimeSpan.FromSeconds(10),
        MaxEjectedRatio: 0.5,
        WhenAllOpen: WhenAllOpen.Fail,
        Failures: BreakerFailures.ServerError | BreakerFailures.ConnectFailure | BreakerFailures.Reset | BreakerFailures.Timeout
            | BreakerFailures.GrpcInternal | BreakerFailures.GrpcUnavailable | BreakerFailures.GrpcDeadlineExceeded
            | BreakerFailures.GrpcDataLoss | BreakerFailures.GrpcUnknown);

    /// <summary>What a route has when nothing is written: timeouts and retry, no breaker.</summary>
    public static RoutePolicy Policy { get; } = new(Timeouts, Retry, CircuitBreaker: null);

    /// <summary>
    /// The built-in policy <c>passthrough</c> of intercepted traffic that no route matches: as if the proxy were not there. No clock (the
    /// kernel's connect outcome is mirrored), no breaker, and one retry of what the upstream certainly did not act on.
    /// </summary>
    public static RoutePolicy PassthroughPolicy { get; } = new(
        NoTimeouts, Retry with { MaxRetries = 1, RetryOn = RetryConditions.RefusedStream | RetryConditions.Unsent }, CircuitBreaker: null);

    /// <summary>Retries allowed per cluster.</summary>
    public static RetryBudgetPolicy RetryBudget { get; } = new(Ratio: 0.2, MinPerSecond: 1, Window: TimeSpan.FromSeconds(10));

    /// <summary>The pool of one destination.</summary>
    public static ConnectionsConfiguration Connections { get; } =
        new(Max: 1024, Idle: TimeSpan.FromSeconds(50), Lifetime: TimeSpan.FromMinutes(10));

    /// <summary>Time between resolutions of <c>dns.name</c>.</summary>
    public static TimeSpan DnsRefresh { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between probes of one destination.</summary>
    public static TimeSpan HealthCheckInterval { get; } = TimeSpan.FromSeconds(10);

    /// <summary>A probe fails after this.</summary>
    public static TimeSpan HealthCheckTimeout { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Probes in a row that change the verdict.</summary>
    public static int HealthCheckThreshold { get; } = 2;
}
