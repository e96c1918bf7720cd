using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Upstream;

/// <summary>The connection of a call whose response is being read.</summary>
public interface IConnectionUse
{
    /// <summary>The response was read to its end: from here on the connection is idle, unless another call has it already.</summary>
    void Ended();
}

/// <summary>
/// What sending a request once came to: a response whose headers arrived, or an error; and what was seen on the wire,
/// which is what decides whether a repetition is safe.
/// </summary>
public readonly record struct UpstreamResult
{
    /// <summary>The answer; the receiver disposes it. Null when <see cref="Error"/> is set.</summary>
    public HttpResponseMessage? Response { get; init; }

    /// <summary>The connection that the response comes on; null without a response.</summary>
    public IConnectionUse? Use { get; init; }

    /// <summary>
    /// None with a response. Else UF (no connection), UC (closed or reset), UP (protocol broken), OV (connection limit),
    /// DC (cancelled, or the caller's body could not be read), IE (unexpected).
    /// </summary>
    public ProxyError Error { get; init; }

    /// <summary>
    /// A byte of the request was, or may have been, written to the upstream. HTTP/1: exact, except that a write that
    /// failed counts. HTTP/2: true as soon as the header block was handed to the connection.
    /// </summary>
    public bool WasSent { get; init; }

    /// <summary>The HTTP/1 connection had served an exchange before. Always false on HTTP/2.</summary>
    public bool IsConnectionReused { get; init; }

    /// <summary>A byte of a response, interim ones included, had arrived. On HTTP/2 only with a response.</summary>
    public bool IsResponseStarted { get; init; }

    /// <summary>HTTP/2: the upstream said that it did not process the request (REFUSED_STREAM, or GOAWAY below our stream).</summary>
    public bool IsRefusedStream { get; init; }

    /// <summary>HTTP/2: the code of the stream reset that the upstream sent; null when it sent none.</summary>
    public int? ResetCode { get; init; }

    /// <summary>HTTP/1: the upstream closed the connection in an orderly way, without a response.</summary>
    public bool IsOrderlyClose { get; init; }

    /// <summary>The connect timeout ran out (error UF).</summary>
    public bool IsConnectTimeout { get; init; }

    /// <summary>One sentence of ours for log and span; null with a response. Never bytes of the peer.</summary>
    public string? Detail { get; init; }
}
