using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Policies;

/// <summary>How much of a request had left when it failed.</summary>
public enum SentState : byte
{
    /// <summary>No byte was written: the upstream cannot have seen it.</summary>
    Unsent,

    /// <summary>At least one byte was written, or it is not known.</summary>
    Sent,
}

/// <summary>
/// What one attempt came to. Failures are values: no expected outcome is an exception. An outcome either has a
/// response (<see cref="Status"/> &gt; 0, <see cref="Error"/> none) or is a failure of our making or finding.
/// </summary>
public readonly record struct AttemptOutcome
{
    /// <summary>None when the upstream answered.</summary>
    public ProxyError Error { get; init; }

    /// <summary>HTTP status of the upstream's answer; 0 when there is none.</summary>
    public int Status { get; init; }

    /// <summary>gRPC status from headers (trailers-only) or, where the exchange waited for them, trailers; -1 when unknown.</summary>
    public int GrpcStatus { get; init; }

    /// <summary>What had been written when it failed.</summary>
    public SentState Sent { get; init; }

    /// <summary>The connection had served a request before.</summary>
    public bool IsConnectionReused { get; init; }

    /// <summary>A byte of a response had arrived when it failed.</summary>
    public bool IsResponseStarted { get; init; }

    /// <summary>HTTP/2 REFUSED_STREAM, or GOAWAY before our stream was processed.</summary>
    public bool IsRefusedStream { get; init; }

    /// <summary>The connect itself timed out (counts as <c>connect-failure</c> and is <c>UF</c>).</summary>
    public bool IsConnectTimeout { get; init; }

    /// <summary>The answer's <c>Retry-After</c>, seconds or date resolved; null when absent.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Flags another sidecar put on the answer (<c>x-sidecar-flags</c>).</summary>
    public ErrorFlags ForeignFlags { get; init; }

    /// <summary>One sentence for the log and span: the socket error, the parser's complaint. Never a header value or a body.</summary>
    public string? Detail { get; init; }

    /// <summary>The transport's response object, handed back with the winning outcome; disposed by the exchange when discarded.</summary>
    public object? Response { get; init; }

    /// <summary>For <see cref="ProxyError.CircuitOpen"/> and <see cref="ProxyError.Overloaded"/>: what <c>Retry-After</c> should say.</summary>
    public TimeSpan? RefusedFor { get; init; }

    /// <summary>The upstream answered.</summary>
    public bool HasResponse => Status > 0;
}
