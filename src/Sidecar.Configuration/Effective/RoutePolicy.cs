using System.Collections.Immutable;

namespace Sidecar.Configuration.Effective;

/// <summary>
/// The effective policy of one route. Compared by value: a route whose policy is equal after a reload keeps its
/// breaker and budget state.
/// </summary>
/// <param name="Timeouts">Never off as a whole; each clock may be.</param>
/// <param name="Retry">Null is off.</param>
/// <param name="CircuitBreaker">Null is off.</param>
public sealed record RoutePolicy(TimeoutPolicy Timeouts, RetryPolicy? Retry, CircuitBreakerPolicy? CircuitBreaker);

/// <summary>The clocks of a route; null is off.</summary>
/// <param name="Request">From the request fully received to response headers, all attempts and waits.</param>
/// <param name="IsRequestWritten">Written in the route's own policy or its <c>base:</c>: only then it applies to gRPC.</param>
/// <param name="PerTry">One attempt, to response headers.</param>
/// <param name="Connect">One connect, TLS included.</param>
/// <param name="Idle">Gap between bytes of a request body, a response, and the wait for headers where nothing else bounds it.</param>
/// <param name="TunnelIdle">Gap between bytes of upgrades, SSE and gRPC streams.</param>
/// <param name="Stream">Longest life of upgrades, SSE and gRPC streams.</param>
public sealed record TimeoutPolicy(
    TimeSpan? Request,
    bool IsRequestWritten,
    TimeSpan? PerTry,
    TimeSpan? Connect,
    TimeSpan? Idle,
    TimeSpan? TunnelIdle,
    TimeSpan? Stream);

/// <summary>Named conditions of <c>retry.retryOn</c>; HTTP status numbers stand beside them.</summary>
[Flags]
public enum RetryConditions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>No connection was made, a connect timeout included.</summary>
    ConnectFailure = 1 << 0,

    /// <summary>HTTP/2 REFUSED_STREAM, or GOAWAY before our stream was processed.</summary>
    RefusedStream = 1 << 1,

    /// <summary>No byte of the request was written; any method.</summary>
    Unsent = 1 << 2,

    /// <summary>A reused connection closed before any response byte.</summary>
    StaleConnection = 1 << 3,

    /// <summary>The upstream closed or reset before any response byte.</summary>
    Reset = 1 << 4,

    /// <summary>502, 503, 504.</summary>
    GatewayError = 1 << 5,

    /// <summary>Every status from 500.</summary>
    ServerError = 1 << 6,

    /// <summary>409.</summary>
    Retriable4xx = 1 << 7,

    /// <summary>The per-try clock ran out.</summary>
    PerTryTimeout = 1 << 8,

    /// <summary>gRPC 1.</summary>
    GrpcCancelled = 1 << 9,

    /// <summary>gRPC 4.</summary>
    GrpcDeadlineExceeded = 1 << 10,

    /// <summary>gRPC 13.</summary>
    GrpcInternal = 1 << 11,

    /// <summary>gRPC 8.</summary>
    GrpcResourceExhausted = 1 << 12,

    /// <summary>gRPC 14.</summary>
    GrpcUnavailable = 1 << 13,

    /// <summary>Any gRPC status: naming one opts the route's gRPC calls in to retries.</summary>
    AnyGrpc = GrpcCancelled | GrpcDeadlineExceeded | GrpcInternal | GrpcResourceExhausted | GrpcUnavailable,
}

/// <summary>Which requests may be repeated once sent.</summary>
/// <param name="Kind">A named set, or <see cref="RetryMethodsKind.List"/>.</param>
/// <param name="List">Upper-case names when the kind is a list.</param>
public sealed record RetryMethods(RetryMethodsKind Kind, EquatableArray<string> List)
{
    /// <summary>May a request with this method be repeated?</summary>
    public bool Contains(string method) => Kind switch
    {
        RetryMethodsKind.All => true,
        RetryMethodsKind.Safe => IsSafe(method),
        RetryMethodsKind.Idempotent => IsSafe(method) || method is "PUT" or "DELETE",
        _ => List.Contains(method),
    };

    private static bool IsSafe(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE";
}

/// <summary>Named sets of methods (RFC 9110 §9.2).</summary>
public enum RetryMethodsKind
{
    /// <summary>GET, HEAD, OPTIONS, TRACE.</summary>
    Safe,

    /// <summary>Safe ones, PUT and DELETE.</summary>
    Idempotent,

    /// <summary>Every method.</summary>
    All,

    /// <summary>Those written.</summary>
    List,
}

/// <summary>When and how a failed request is repeated.</summary>
/// <param name="MaxRetries">Attempts beyond the first, 0–10.</param>
/// <param name="RetryOn">Named conditions.</param>
/// <param name="Statuses">HTTP statuses named by number, sorted.</param>
/// <param name="Methods">Which requests may be repeated once sent.</param>
/// <param name="Backoff">The wait between attempts.</param>
/// <param name="RetryAfterMax">A <c>Retry-After</c> up to this delays the retry; a longer one forbids it.</param>
/// <param name="ReplayBytes">Largest body kept for a repetition.</param>
public sealed record RetryPolicy(
    int MaxRetries,
    RetryConditions RetryOn,
    EquatableArray<int> Statuses,
    RetryMethods Methods,
    BackoffPolicy Backoff,
    TimeSpan RetryAfterMax,
    int ReplayBytes);

/// <summary>Full jitter in [0, min(max, base × 2^(n−1))].</summary>
public sealed record BackoffPolicy(TimeSpan Base, TimeSpan Max);

/// <summary>Retries ≤ ratio × requests in the window + minPerSecond × window.</summary>
public sealed record RetryBudgetPolicy(double Ratio, double MinPerSecond, TimeSpan Window);

/// <summary>What one breaker guards.</summary>
public enum BreakerScope
{
    /// <summary>Each destination of the route has a breaker; a tripped one leaves the route's selection.</summary>
    Destination,

    /// <summary>One breaker for the whole route.</summary>
    Route,
}

/// <summary>What happens when every destination is tripped.</summary>
public enum WhenAllOpen
{
    /// <summary>503 <c>CB</c> until a probe succeeds.</summary>
    Fail,

    /// <summary>Destinations are tried as if none were tripped.</summary>
    TryAnyway,
}

/// <summary>What counts as a failure for the breaker.</summary>
[Flags]
public enum BreakerFailures
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Statuses from 500, except 501 and 505.</summary>
    ServerError = 1 << 0,

    /// <summary><c>UF</c>.</summary>
    ConnectFailure = 1 << 1,

    /// <summary><c>UC</c> and <c>UP</c>.</summary>
    Reset = 1 << 2,

    /// <summary><c>UT</c> and <c>PT</c>.</summary>
    Timeout = 1 << 3,

    /// <summary>gRPC 13.</summary>
    GrpcInternal = 1 << 4,

    /// <summary>gRPC 14.</summary>
    GrpcUnavailable = 1 << 5,

    /// <summary>gRPC 4.</summary>
    GrpcDeadlineExceeded = 1 << 6,

    /// <summary>gRPC 15.</summary>
    GrpcDataLoss = 1 << 7,

    /// <summary>gRPC 2.</summary>
    GrpcUnknown = 1 << 8,
}

/// <summary>closed → open → half-open → closed.</summary>
/// <param name="Scope">What one breaker guards.</param>
/// <param name="ConsecutiveFailures">Trips at exactly max(N, ⌈10 % of the window's requests⌉) failures in a row; null is off.</param>
/// <param name="FailureRatio">Trips at this share of failures in the window; null is off.</param>
/// <param name="MinimumThroughput">Requests in the window before a ratio counts.</param>
/// <param name="Window">Length of the sliding window.</param>
/// <param name="SlowCallDuration">Calls slower than this are slow; null is off.</param>
/// <param name="SlowCallRatio">Trips at this share of slow calls in the window.</param>
/// <param name="OpenBase">First open time; doubles per re-open, forgotten after 60 s closed.</param>
/// <param name="OpenMax">Longest open time before jitter.</param>
/// <param name="OpenJitterRatio">Open time is stretched by a random share up to this.</param>
/// <param name="Probes">Requests that half-open admits.</param>
/// <param name="Ramp">After closing, a destination's share grows over this; null is off.</param>
/// <param name="MaxEjectedRatio">Share of destinations (rounded down, at least 1) that may be out; beyond it a tripped one is <c>held</c>.</param>
/// <param name="WhenAllOpen">When every destination is tripped.</param>
/// <param name="Failures">What counts as a failure.</param>
public sealed record CircuitBreakerPolicy(
    BreakerScope Scope,
    int? ConsecutiveFailures,
    double? FailureRatio,
    int MinimumThroughput,
    TimeSpan Window,
    TimeSpan? SlowCallDuration,
    double SlowCallRatio,
    TimeSpan OpenBase,
    TimeSpan OpenMax,
    double OpenJitterRatio,
    int Probes,
    TimeSpan? Ramp,
    double MaxEjectedRatio,
    WhenAllOpen WhenAllOpen,
    BreakerFailures Failures);

/// <summary>An immutable list that compares by its elements, so that records holding one stay values.</summary>
public readonly struct EquatableArray<T>(ImmutableArray<T> items) : IEquatable<EquatableArray<T>>
    where T : IEquatable<T>
{
    private readonly ImmutableArray<T> _items = items;

    /// <summary>The elements; never default.</summary>
    public ImmutableArray<T> Items => _items.IsDefault ? [] : _items;

    /// <summary>Is it among the elements?</summary>
    public bool Contains(T item) => Items.Contains(item);

    /// <inheritdoc/>
    public bool Equals(EquatableArray<T> other) => Items.AsSpan().SequenceEqual(other.Items.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EquatableArray<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var item in Items)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }

    /// <summary>Same elements in the same order.</summary>
    public static bool operator ==(EquatableArray<T> left, EquatableArray<T> right) => left.Equals(right);

    /// <summary>Other elements or another order.</summary>
    public static bool operator !=(EquatableArray<T> left, EquatableArray<T> right) => !left.Equals(right);
}
