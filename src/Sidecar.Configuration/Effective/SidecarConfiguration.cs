using System.Collections.Immutable;
using System.Net;

namespace Sidecar.Configuration.Effective;

/// <summary>
/// What the operator's documents mean once merged, based and defaulted: nothing is unset by accident any more.
/// Immutable; compared by value where state must survive a reload.
/// </summary>
public sealed record SidecarConfiguration(
    ListenersConfiguration Listeners,
    LimitsConfiguration Limits,
    TelemetryConfiguration Telemetry,
    ShutdownConfiguration Shutdown,
    ImmutableArray<RouteConfiguration> Routes,
    ImmutableArray<ClusterConfiguration> Clusters)
{
    /// <summary>What every written route starts from: <c>policies.default</c> over the built-in defaults. For display; routes have it already.</summary>
    public RoutePolicy DefaultPolicy { get; init; } = ConfigurationDefaults.Policy;

    /// <summary>How intercepted connections are told apart.</summary>
    public InterceptionConfiguration Interception { get; init; } = ConfigurationDefaults.Interception;
}

/// <summary>Addresses to listen on; null is off.</summary>
public sealed record ListenersConfiguration(IPEndPoint? Reverse, IPEndPoint? Admin, IPEndPoint? Metrics)
{
    /// <summary>Intercepted traffic that leaves the application; dual-stack.</summary>
    public IPEndPoint? Outbound { get; init; }

    /// <summary>Intercepted traffic that reaches the application; dual-stack.</summary>
    public IPEndPoint? Inbound { get; init; }
}

/// <summary>How intercepted connections are told apart.</summary>
/// <param name="Detection">A client that is silent this long has its upstream dialled, and both sides are watched.</param>
/// <param name="OpaquePorts">Destination ports that are carried as TCP without a look at the bytes.</param>
/// <param name="ServerFirst">Destination ports whose servers are known to speak first: carried as TCP at once.</param>
public sealed record InterceptionConfiguration(TimeSpan Detection, ImmutableArray<int> OpaquePorts, ImmutableArray<int> ServerFirst)
{
    /// <inheritdoc/>
    public bool Equals(InterceptionConfiguration? other) =>
        other is not null && Detection == other.Detection && OpaquePorts.SequenceEqual(other.OpaquePorts) && ServerFirst.SequenceEqual(other.ServerFirst);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Detection, OpaquePorts.Length, ServerFirst.Length);
}

/// <summary>Which way traffic goes; every route has one.</summary>
public enum Direction
{
    /// <summary>Through the explicit reverse proxy.</summary>
    Reverse,

    /// <summary>Intercepted, from the application.</summary>
    Outbound,

    /// <summary>Intercepted, to the application.</summary>
    Inbound,
}

/// <summary>Bounds of the whole process; null is off, except where <c>auto</c> is named: then null is auto.</summary>
/// <param name="Connections">Open downstream connections; null is <c>auto</c> (from the memory granted).</param>
/// <param name="InFlight">Requests in flight; null is <c>auto</c> (from the memory and CPU granted).</param>
/// <param name="ReplayTotalBytes">Bytes that all replay buffers together may hold.</param>
/// <param name="HeaderTimeout">From the first byte of a request to the end of its headers.</param>
/// <param name="HeadersBytes">Size of all request headers.</param>
/// <param name="HeaderCount">Number of request headers.</param>
/// <param name="RequestBodyBytes">Largest request body; null is off.</param>
/// <param name="BodyRateBytesPerSecond">Slowest request body; null is off.</param>
/// <param name="KeepAlive">Idle downstream connections are closed after this.</param>
/// <param name="Http2Streams">Concurrent streams of one downstream HTTP/2 connection.</param>
public sealed record LimitsConfiguration(
    int? Connections,
    int? InFlight,
    long ReplayTotalBytes,
    TimeSpan HeaderTimeout,
    int HeadersBytes,
    int HeaderCount,
    long? RequestBodyBytes,
    long? BodyRateBytesPerSecond,
    TimeSpan KeepAlive,
    int Http2Streams);

/// <summary>Severity of log lines.</summary>
public enum LogSeverity
{
    /// <summary>Everything.</summary>
    Debug,

    /// <summary>The default.</summary>
    Info,

    /// <summary>Degraded.</summary>
    Warn,

    /// <summary>Broken.</summary>
    Error,
}

/// <summary>What is told about the traffic.</summary>
/// <param name="LogLevel">Lines below it are not written.</param>
/// <param name="TraceRatio">Share of root traces that are sampled, 0–1.</param>
/// <param name="AccessLog">The line per request.</param>
public sealed record TelemetryConfiguration(LogSeverity LogLevel, double TraceRatio, AccessLogConfiguration AccessLog);

/// <summary>When a request gets its line.</summary>
/// <param name="SuccessRatio">Share of plain successes that are logged, 0–1.</param>
/// <param name="Slow">Requests slower than this are always logged; null is off.</param>
/// <param name="LinesPerSecond">Lines of requests that are always logged, per second; beyond it a counted summary.</param>
/// <param name="RequestHeaders">Names of request headers that are logged.</param>
/// <param name="ResponseHeaders">Names of response headers that are logged.</param>
public sealed record AccessLogConfiguration(
    double SuccessRatio,
    TimeSpan? Slow,
    int LinesPerSecond,
    ImmutableArray<string> RequestHeaders,
    ImmutableArray<string> ResponseHeaders);

/// <summary>One clock from the signal to the end.</summary>
/// <param name="Grace">The whole time granted (the pod's grace period).</param>
/// <param name="AcceptFor">New requests are accepted for this long after the drain began; null is <c>auto</c>: min(5 s, grace/6).</param>
public sealed record ShutdownConfiguration(TimeSpan Grace, TimeSpan? AcceptFor);

/// <summary>Where a piece of configuration was written, for messages.</summary>
public sealed record SourceLocation(string File, int Line, string Path)
{
    /// <inheritdoc/>
    public override string ToString() => Line > 0 ? $"{File}:{Line}: {Path}" : $"{File}: {Path}";
}

/// <summary>One route: what it matches, where it goes, under which policy.</summary>
/// <param name="Id">Key in the document.</param>
/// <param name="Order">Lower is tried first.</param>
/// <param name="Match">What it matches.</param>
/// <param name="ClusterId">Where it goes.</param>
/// <param name="Policy">The effective policy: <c>default</c> ← <c>base:</c> chain ← own.</param>
/// <param name="Transforms">Yarp's own terms, one dictionary per transform.</param>
/// <param name="Location">Where it was written.</param>
public sealed record RouteConfiguration(
    string Id,
    int Order,
    MatchConfiguration Match,
    string ClusterId,
    RoutePolicy Policy,
    ImmutableArray<ImmutableDictionary<string, string>> Transforms,
    SourceLocation Location)
{
    /// <summary>The cluster id that means "where the application dialled" (<c>forwardTo: original</c>); no written cluster may have it.</summary>
    public const string OriginalClusterId = "original";

    /// <summary>Which listener's traffic it matches.</summary>
    public Direction Direction { get; init; } = Direction.Reverse;

    /// <summary>Goes where the application dialled instead of to a written cluster.</summary>
    public bool IsForwardedToOriginal => ClusterId == OriginalClusterId;
}

/// <summary>What a route matches; empty arrays and nulls match everything.</summary>
/// <param name="Service">Kubernetes service as <c>name.namespace</c>; expanded to hosts when compiled; not together with hosts.</param>
/// <param name="Hosts">Exact hosts or <c>*.example.com</c>.</param>
/// <param name="Path">Yarp (ASP.NET) path template; null matches every path.</param>
/// <param name="Methods">Upper-case method names.</param>
/// <param name="Headers">Header conditions, all of which must hold.</param>
/// <param name="Port">Port of the authority.</param>
public sealed record MatchConfiguration(
    string? Service,
    ImmutableArray<string> Hosts,
    string? Path,
    ImmutableArray<string> Methods,
    ImmutableArray<HeaderMatchConfiguration> Headers,
    int? Port)
{
    /// <summary>Server names (exact or <c>*.example.com</c>) of TLS that is carried unread.</summary>
    public ImmutableArray<string> Sni { get; init; } = [];

    /// <summary>A TCP route: matches connections that are not HTTP, by server name or by port alone.</summary>
    public bool IsTcp { get; init; }
}

/// <summary>Yarp's header condition.</summary>
/// <param name="Name">Header name.</param>
/// <param name="Values">Accepted values.</param>
/// <param name="Mode">Yarp's mode: <c>exactHeader</c>, <c>headerPrefix</c>, <c>contains</c>, <c>notContains</c>, <c>exists</c>, <c>notExists</c>.</param>
/// <param name="IsCaseSensitive">Compare values by case.</param>
public sealed record HeaderMatchConfiguration(string Name, ImmutableArray<string> Values, string Mode, bool IsCaseSensitive);

/// <summary>How a destination is chosen.</summary>
public enum LoadBalancingKind
{
    /// <summary>The less loaded of two random ones (default).</summary>
    PowerOfTwoChoices,

    /// <summary>The one with the fewest requests in flight relative to its weight.</summary>
    LeastRequests,

    /// <summary>Weighted turn by turn.</summary>
    RoundRobin,

    /// <summary>Weighted at random.</summary>
    Random,

    /// <summary>Two random ones, the lower product of peak latency (exponentially weighted) and load.</summary>
    PeakEwma,

    /// <summary>Consistent hash of the request target's path.</summary>
    RingHash,
}

/// <summary>What is spoken to the destinations.</summary>
public enum UpstreamProtocol
{
    /// <summary>What the caller spoke; over TLS, ALPN decides.</summary>
    Auto,

    /// <summary>HTTP/1.1.</summary>
    Http1,

    /// <summary>HTTP/2: prior knowledge over cleartext, ALPN over TLS.</summary>
    Http2,
}

/// <summary>A set of equivalent destinations.</summary>
public sealed record ClusterConfiguration(
    string Id,
    ImmutableArray<DestinationConfiguration> Destinations,
    DnsConfiguration? Dns,
    LoadBalancingKind LoadBalancing,
    UpstreamProtocol Protocol,
    RetryBudgetPolicy RetryBudget,
    ConnectionsConfiguration Connections,
    ActiveHealthCheckConfiguration? ActiveHealthCheck,
    TlsConfiguration? Tls,
    SourceLocation Location)
{
    /// <summary>Same behaviour? The place in the file does not count, arrays compare by their elements.</summary>
    public bool IsEquivalentTo(ClusterConfiguration other) =>
        Id == other.Id && Destinations.SequenceEqual(other.Destinations) && Dns == other.Dns && LoadBalancing == other.LoadBalancing
        && Protocol == other.Protocol && RetryBudget == other.RetryBudget && Connections == other.Connections
        && ActiveHealthCheck == other.ActiveHealthCheck && Tls == other.Tls;
}

/// <summary>One written destination.</summary>
/// <param name="Id">Key in the document.</param>
/// <param name="Address">Absolute <c>http://</c> or <c>https://</c> address; its path is put in front of the target.</param>
/// <param name="Weight">Share relative to the others, 1–1000.</param>
public sealed record DestinationConfiguration(string Id, Uri Address, int Weight);

/// <summary>Every A and AAAA record of a name is a destination.</summary>
/// <param name="Name">Name to resolve.</param>
/// <param name="Port">Port of every destination.</param>
/// <param name="Refresh">Time between resolutions.</param>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
public sealed record DnsConfiguration(string Name, int Port, TimeSpan Refresh, string Scheme);

/// <summary>The pool of one destination.</summary>
/// <param name="Max">Connections per destination; beyond it 503 <c>OV</c> at once.</param>
/// <param name="Idle">Idle connections are closed after this.</param>
/// <param name="Lifetime">Connections are renewed after this.</param>
public sealed record ConnectionsConfiguration(int Max, TimeSpan Idle, TimeSpan Lifetime);

/// <summary>Probing by requests of our own.</summary>
/// <param name="Path">Target of the probe.</param>
/// <param name="Interval">Time between probes of one destination.</param>
/// <param name="Timeout">A probe fails after this.</param>
/// <param name="Threshold">Probes in a row that change the verdict, either way.</param>
public sealed record ActiveHealthCheckConfiguration(string Path, TimeSpan Interval, TimeSpan Timeout, int Threshold);

/// <summary>TLS towards the destinations; PEM paths.</summary>
/// <param name="CaFile">Trusted roots; null trusts the system's.</param>
/// <param name="ServerName">SNI and verified name; null is the address's host.</param>
/// <param name="ClientCertificateFile">Client certificate (chain).</param>
/// <param name="ClientKeyFile">Its key.</param>
public sealed record TlsConfiguration(string? CaFile, string? ServerName, string? ClientCertificateFile, string? ClientKeyFile);
