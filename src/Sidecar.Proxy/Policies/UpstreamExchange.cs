using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies;

/// <summary>What the caller's body allows.</summary>
public enum BodyReplay : byte
{
    /// <summary>There is no body, or nothing of it was read from the caller yet: it can be sent as if for the first time.</summary>
    Untouched,

    /// <summary>It was read completely and kept whole: it can be sent again.</summary>
    Buffered,

    /// <summary>It was read and is too large, or is not fully received: the request cannot be repeated.</summary>
    Gone,
}

/// <summary>
/// One request as the policy engine sees it: facts, and one function that tries once. The engine knows nothing of
/// HTTP classes, and does not care whether it is driven for a message, a tunnel or a bare connection.
/// </summary>
public abstract class UpstreamExchange
{
    // What the engine keeps with the request, so that it needs no object of its own per request.
    internal OpenAttempt Open;
    internal Destination? LastDestination;

    /// <summary>The account of this request; the engine writes attempts, waits and flags into it.</summary>
    public required RequestRecord Record { get; set; }

    /// <summary>Method as it is sent upstream.</summary>
    public required string Method { get; set; }

    /// <summary>An <c>Idempotency-Key</c> makes any method repeatable.</summary>
    public bool HasIdempotencyKey { get; set; }

    /// <summary>The call is <c>application/grpc</c>.</summary>
    public bool IsGrpc { get; set; }

    /// <summary>Upgrade or extended CONNECT: never repeated once sent, no request timeout.</summary>
    public bool IsUpgrade { get; set; }

    /// <summary>The caller accepts <c>text/event-stream</c>: no request timeout.</summary>
    public bool IsEventStream { get; set; }

    /// <summary>The caller's own deadline, measured from its arrival (<c>grpc-timeout</c>, <c>x-request-timeout-ms</c>); null when it named none.</summary>
    public TimeSpan? CallerTimeout { get; set; }

    /// <summary>Hash of the request target's path, for <c>ringHash</c>.</summary>
    public uint TargetHash { get; set; }

    /// <summary>Chooses among the cluster's destinations.</summary>
    public required ILoadBalancer Balancer { get; set; }

    /// <summary>The cluster's destinations when the request arrived.</summary>
    public required DestinationSet Destinations { get; set; }

    /// <summary>The retry budget of this request's own destination; null is the cluster's.</summary>
    public RetryBudget? Budget { get; set; }

    /// <summary>The request has ended and nobody looks at this object any more: as a new one is, for another request.</summary>
    protected void Clear()
    {
        Open = default;
        LastDestination = null;
        Record = null!;
        Method = null!;
        HasIdempotencyKey = IsGrpc = IsUpgrade = IsEventStream = false;
        CallerTimeout = null;
        TargetHash = 0;
        Balancer = null!;
        Destinations = null!;
        Budget = null;
    }

    /// <summary>What the caller's body allows at this moment.</summary>
    public abstract BodyReplay Body { get; }

    /// <summary>
    /// Completes when the request was fully received from the caller: the request timeout starts then. Completed
    /// already for bodyless requests.
    /// </summary>
    public abstract Task RequestReceived { get; }

    /// <summary>
    /// Sends the request once and returns at response headers (for gRPC where the engine asked for it: at the first
    /// message or the trailers). Never throws for an expected outcome; a cancelled <paramref name="cancellationToken"/> ends it with
    /// <see cref="Errors.ProxyError.CallerGone"/> or, as the engine knows better which clock ran out, is re-labelled by the engine.
    /// </summary>
    /// <param name="attempt">What to do.</param>
    /// <param name="cancellationToken">Ends the attempt: a clock of ours, or the caller went away.</param>
    public abstract ValueTask<AttemptOutcome> TryAsync(AttemptPlan attempt, CancellationToken cancellationToken);

    /// <summary>An outcome with a response will not be passed on: its connection is drained or closed.</summary>
    public abstract void Discard(in AttemptOutcome outcome);
}

/// <summary>What one attempt has to do.</summary>
/// <param name="Number">1 for the first; goes out as <c>x-attempt-count</c>.</param>
/// <param name="Destination">Where to.</param>
/// <param name="NeedsFreshConnection">A retry at the same destination must not reuse an idle connection: behind one address may stand many, and the last one failed.</param>
/// <param name="TimeLeft">Goes out as <c>x-request-timeout-ms</c> and, for gRPC, <c>grpc-timeout</c>; null when nothing bounds it.</param>
/// <param name="ConnectTimeout">Of one connect, TLS included; null is off.</param>
/// <param name="PeekGrpcStatus">Hold the response until the first message or the trailers, so that a status in trailers can be retried.</param>
public readonly record struct AttemptPlan(
    int Number,
    Destination Destination,
    bool NeedsFreshConnection,
    TimeSpan? TimeLeft,
    TimeSpan? ConnectTimeout,
    bool PeekGrpcStatus);
