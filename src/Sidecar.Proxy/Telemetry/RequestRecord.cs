using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Pooling;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// The account of one request: every layer fills its part, the telemetry layer turns it into metrics, a span and an
/// access line when the request ends. One object per request, no per-attempt allocation beyond the list; the record of a
/// request that ended plainly is used again.
/// </summary>
public sealed class RequestRecord
{
    [ThreadStatic]
    private static LocalStack<RequestRecord>? t_idle;

    private AttemptRecord[] _attempts = new AttemptRecord[1];
    private int _attemptCount;

    /// <summary>An empty record.</summary>
    public static RequestRecord Rent() => t_idle?.TryTake() ?? new RequestRecord();

    /// <summary>The account of a request, opened by <see cref="RequestAccount"/>.</summary>
    /// <exception cref="InvalidOperationException">That layer is missing.</exception>
    /// <remarks>By the indexer: the generic method of the server's features is looked up anew by every call (0.1 µs of a request).</remarks>
    public static RequestRecord Of(HttpContext context) =>
        context.Features[typeof(RequestRecord)] as RequestRecord ?? throw new InvalidOperationException("The request has no account.");

    /// <summary>
    /// The request has ended and was reported; the record must not be touched any more. Kept for another request only
    /// when this one was a plain success: then nothing is left that could still write into it.
    /// </summary>
    public void GiveBack()
    {
        if (_attempts.Length == 1 && _attemptCount == 1 && Flags.IsEmpty && Failure == ProxyError.None && Span is null && !IsStream && !IsOpaque
            && RequestBytes == 0)
        {
            Clear();
            (t_idle ??= new LocalStack<RequestRecord>()).TryGiveBack(this);
        }
    }

    /// <summary>
    /// Carried as if we were not there: an upstream that refuses or resets before its first byte is mirrored by a reset, not
    /// answered for (PRODUCT §4).
    /// </summary>
    public bool MirrorsFailures { get; set; }

    /// <summary>What routing decided, in a type of its own; null before that, and when it found nothing.</summary>
    public object? Decision { get; set; }

    /// <summary>The connection it came in by; null where that is not known.</summary>
    public ICallerConnection? Caller { get; set; }

    /// <summary>Traffic direction: <c>reverse</c>, <c>inbound</c> or <c>outbound</c>.</summary>
    public string Direction { get; set; } = "reverse";

    /// <summary>Id of the route; empty when none matched.</summary>
    public string Route { get; set; } = "";

    /// <summary>Id of the cluster; empty when none.</summary>
    public string Cluster { get; set; } = "";

    /// <summary>Method as received; validated to be a token.</summary>
    public string Method { get; set; } = "";

    /// <summary>Raw request target as received; hostile: escape before writing.</summary>
    public string Target { get; set; } = "";

    /// <summary>Host as received; hostile: escape before writing.</summary>
    public string Host { get; set; } = "";

    /// <summary>The account of a connection that is carried as TCP, not of a request.</summary>
    public bool IsOpaque { get; init; }

    /// <summary><c>http/1.0</c>, <c>http/1.1</c> or <c>http/2</c>; of a TCP connection its detection outcome.</summary>
    public string Protocol { get; set; } = "";

    /// <summary>The caller's request id when it is 1–128 visible ASCII, else ours.</summary>
    public string RequestId { get; set; } = "";

    /// <summary>When it arrived, from <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long StartTimestamp { get; set; }

    /// <summary>When it ended.</summary>
    public long EndTimestamp { get; set; }

    /// <summary>Time between our sending an attempt and its response headers, added up over attempts, plus time waiting for the upstream's body bytes.</summary>
    public TimeSpan UpstreamTime { get; set; }

    /// <summary>Backoff and Retry-After waits.</summary>
    public TimeSpan WaitTime { get; set; }

    /// <summary>Time to response headers; null when none were sent.</summary>
    public TimeSpan? HeadersTime { get; set; }

    /// <summary>Status sent to the caller; 499 when it went away before.</summary>
    public int Status { get; set; }

    /// <summary>gRPC status sent to the caller; -1 when unknown or not gRPC.</summary>
    public int GrpcStatus { get; set; } = -1;

    /// <summary>The call is <c>application/grpc</c>.</summary>
    public bool IsGrpc { get; set; }

    /// <summary>Upgrade, event stream or gRPC stream: long by design, never slow.</summary>
    public bool IsStream { get; set; }

    /// <summary>What went wrong, most recent first.</summary>
    public ErrorFlags Flags;

    /// <summary>The failure that has to be answered by us; none when the upstream's answer is passed on.</summary>
    public ProxyError Failure { get; private set; }

    /// <summary>Status of the answer where <see cref="ProxyErrorTable"/> leaves a choice (<c>BR</c>); 0: the table's.</summary>
    public int FailureStatus { get; private set; }

    /// <summary>The answer must close the connection: its framing can no longer be trusted.</summary>
    public bool ClosesConnection { get; set; }

    /// <summary>The request failed and we have to answer; the layer that knows the reason calls it, the rescue writes it.</summary>
    public void Fail(ProxyError error, string? detail = null, int status = 0)
    {
        Failure = error;
        FailureStatus = status;
        Flags.Add(error);
        Detail = detail ?? Detail;
    }

    /// <summary>
    /// The code of the stream reset that the upstream sent (RFC 9113 §7); null when it sent none. A caller on HTTP/2 whose
    /// answer breaks off gets the same.
    /// </summary>
    public int? ResetCode { get; set; }

    /// <summary>The upstream closed in an orderly way instead of a reset; a mirrored failure ends like it.</summary>
    public bool IsOrderlyClose { get; set; }

    /// <summary>One sentence on the last failure; from us, never from the peer's bytes.</summary>
    public string? Detail { get; set; }

    /// <summary>Body bytes received from the caller.</summary>
    public long RequestBytes { get; set; }

    /// <summary>Body bytes sent to the caller.</summary>
    public long ResponseBytes { get; set; }

    /// <summary>What <c>Retry-After</c> should say on a refusal.</summary>
    public TimeSpan? RefusedFor { get; set; }

    /// <summary>The span of the request when it is sampled; null costs nothing.</summary>
    public Activity? Span { get; set; }

    /// <summary>The trace headers that came, validated; filled by <see cref="Tracing.Begin"/>.</summary>
    public TraceContext Trace { get; set; }

    /// <summary>
    /// Trace id for the log: ours when sampled, the caller's when it sent a valid <c>traceparent</c>; else empty. Made when
    /// asked for: a request that is neither sampled nor logged pays nothing.
    /// </summary>
    public string TraceId => Span is { } span ? span.TraceId.ToHexString() : Trace.TraceId;

    /// <summary>Span id for the log; empty when there is none.</summary>
    public string SpanId => Span is { } span ? span.SpanId.ToHexString() : "";

    /// <summary>Upstream attempts in order.</summary>
    public ReadOnlySpan<AttemptRecord> Attempts => _attempts.AsSpan(0, _attemptCount);

    /// <summary>Number of upstream attempts.</summary>
    public int AttemptCount => _attemptCount;

    /// <summary>Opens the account of an attempt and returns its place.</summary>
    public ref AttemptRecord BeginAttempt(string destination, string destinationLabel, long startTimestamp)
    {
        if (_attemptCount == _attempts.Length)
        {
            Array.Resize(ref _attempts, _attempts.Length * 2);
        }

        ref var attempt = ref _attempts[_attemptCount++];
        attempt = new AttemptRecord { Destination = destination, DestinationLabel = destinationLabel, StartTimestamp = startTimestamp, GrpcStatus = -1 };
        return ref attempt;
    }

    /// <summary>An attempt by its place; 0 is the first.</summary>
    public ref AttemptRecord Attempt(int index) => ref _attempts.AsSpan(0, _attemptCount)[index];

    /// <summary>The attempt that is running or ran last.</summary>
    public ref AttemptRecord LastAttempt => ref _attempts[_attemptCount - 1];

    // As a new one is; a test compares every field.
    internal void Clear()
    {
        Array.Clear(_attempts);
        _attemptCount = 0;
        MirrorsFailures = false;
        Caller = null;
        Decision = null;
        Direction = "reverse";
        Route = Cluster = Method = Target = Host = Protocol = RequestId = "";
        StartTimestamp = EndTimestamp = RequestBytes = ResponseBytes = 0;
        UpstreamTime = WaitTime = default;
        HeadersTime = RefusedFor = null;
        Status = FailureStatus = 0;
        GrpcStatus = -1;
        IsGrpc = IsStream = ClosesConnection = IsOrderlyClose = false;
        Flags = default;
        Failure = ProxyError.None;
        ResetCode = null;
        Detail = null;
        Span = null;
        Trace = default;
    }
}

/// <summary>The account of one attempt.</summary>
public struct AttemptRecord
{
    /// <summary>Destination id for logs and spans.</summary>
    public string Destination;

    /// <summary>Destination id for metric labels.</summary>
    public string DestinationLabel;

    /// <summary>When it was started.</summary>
    public long StartTimestamp;

    /// <summary>When its headers came or it failed.</summary>
    public long EndTimestamp;

    /// <summary>HTTP status; 0 when there was no response.</summary>
    public int Status;

    /// <summary>gRPC status; -1 when unknown.</summary>
    public int GrpcStatus;

    /// <summary>None when a response came.</summary>
    public ProxyError Error;

    /// <summary>Wait before it.</summary>
    public TimeSpan WaitedBefore;

    /// <summary>The connection had served a request before.</summary>
    public bool IsConnectionReused;

    /// <summary>The attempt's span when the request is sampled.</summary>
    public Activity? Span;

    /// <summary>Its metrics were recorded and its span ended; telemetry's own note.</summary>
    internal bool IsReported;
}
