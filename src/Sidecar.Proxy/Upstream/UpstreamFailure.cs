using System.Net.Sockets;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Upstream;

/// <summary>Turns what the HTTP client threw, and what was seen on the wire, into an <see cref="UpstreamResult"/>.</summary>
public static class UpstreamFailure
{
    // RFC 9113 §7.
    private const long NoError = 0x0, InternalError = 0x2, RefusedStream = 0x7, Cancel = 0x8, EnhanceYourCalm = 0xb;

    /// <summary>What a failed send means.</summary>
    /// <param name="exception">What the client threw.</param>
    /// <param name="trace">What was seen.</param>
    /// <param name="request">What was sent.</param>
    /// <param name="cancellationToken">The caller's token, not the one that a connect timeout cancels.</param>
    internal static UpstreamResult Classify(Exception exception, CallTrace trace, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Failed(trace, ProxyError.CallerGone, "Cancelled.");
        }

        if (trace.IsTimedOut)
        {
            return Failed(trace, ProxyError.ConnectFailed, "Connect timeout.", isConnectTimeout: true);
        }

        if (!trace.IsConnected)
        {
            return NotConnected(exception, trace);
        }

        var isHttp2 = !trace.IsHttp1;
        if (trace.IsHiddenRetryStopped || Find<UpstreamConnectException>(exception) is not null)
        {
            // The client had decided to repeat the call, which on HTTP/2 it does only when the upstream said that it
            // had not processed it; on HTTP/1 for a connection that closed without a response.
            return isHttp2
                ? Failed(trace, ProxyError.UpstreamClosed, "The upstream refused the stream.", isRefusedStream: true) with { ResetCode = (int)RefusedStream }
                : Failed(trace, ProxyError.UpstreamClosed, "The upstream closed the connection without a response.") with { IsOrderlyClose = true };
        }

        if (Find<HttpProtocolException>(exception) is { } protocol)
        {
            return Http2Failed(protocol.ErrorCode, trace) with { ResetCode = (int)protocol.ErrorCode };
        }

        return Find<HttpRequestException>(exception) switch
        {
            { HttpRequestError: HttpRequestError.InvalidResponse } => Failed(trace, ProxyError.UpstreamProtocol, "The upstream's response is not valid HTTP."),
            { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => Failed(trace, ProxyError.UpstreamProtocol, "The upstream's response headers are too large."),
            { HttpRequestError: HttpRequestError.VersionNegotiationError } => Failed(trace, ProxyError.UpstreamProtocol, "The upstream does not speak the required HTTP version."),
            { HttpRequestError: HttpRequestError.HttpProtocolError or HttpRequestError.ExtendedConnectNotSupported } => Failed(trace, ProxyError.UpstreamProtocol, "The upstream broke the HTTP/2 protocol."),
            { HttpRequestError: HttpRequestError.ResponseEnded } => Failed(trace, ProxyError.UpstreamClosed, "The upstream closed the connection before the response headers were complete."),

            // The caller's body may come from a socket too: on HTTP/1 the stream tells whose error it is. On HTTP/2
            // nothing does, but a caller that goes away cancels the token as well, and that was looked at first.
            _ when !isHttp2 && !trace.IsConnectionBroken && HasBody(request) => Failed(trace, ProxyError.CallerGone, "The request body could not be read."),
            _ when Find<SocketException>(exception) is { } socket => Failed(trace, ProxyError.UpstreamClosed, $"Connection lost: {SocketErrors.Describe(socket.SocketErrorCode)}."),
            _ when trace.IsConnectionBroken => Failed(trace, ProxyError.UpstreamClosed, ClosedSentence(trace)) with { IsOrderlyClose = true },
            _ when Find<IOException>(exception) is not null => Failed(trace, ProxyError.UpstreamClosed, "The upstream closed the connection."),
            _ when HasBody(request) => Failed(trace, ProxyError.CallerGone, "The request body could not be read."),
            _ => Failed(trace, ProxyError.InternalDefect, $"Unexpected {exception.GetType().Name} while sending."),
        };
    }

    /// <summary>The code of the stream reset in a chain of exceptions; null when there is none.</summary>
    public static int? ResetCodeOf(Exception? exception) => (int?)Find<HttpProtocolException>(exception)?.ErrorCode;

    private static UpstreamResult NotConnected(Exception exception, CallTrace trace)
    {
        if (Find<UpstreamConnectException>(exception) is { } connect)
        {
            return Failed(trace, connect.Error, connect.Message);
        }

        var request = Find<HttpRequestException>(exception);
        if (request is { HttpRequestError: HttpRequestError.VersionNegotiationError })
        {
            return Failed(trace, ProxyError.UpstreamProtocol, "The upstream does not speak the required HTTP version.");
        }

        // A connection that was made but did not survive until a request was written on it: the HTTP/2 preface failed,
        // the pool gave it up, or the client asked a socket for its peer that had been reset (a bare SocketException).
        return request is not null || Find<IOException>(exception) is not null || Find<SocketException>(exception) is not null || exception is OperationCanceledException
            ? Failed(trace, ProxyError.ConnectFailed, "The connection was lost before it could be used.")
            : Failed(trace, ProxyError.InternalDefect, $"Unexpected {exception.GetType().Name} while connecting.");
    }

    private static UpstreamResult Http2Failed(long code, CallTrace trace) => code switch
    {
        RefusedStream => Failed(trace, ProxyError.UpstreamClosed, "The upstream refused the stream.", isRefusedStream: true),
        NoError or InternalError or Cancel or EnhanceYourCalm => Failed(trace, ProxyError.UpstreamClosed, $"The upstream reset the stream (HTTP/2 error {code})."),
        _ => Failed(trace, ProxyError.UpstreamProtocol, $"HTTP/2 error {code}."),
    };

    private static string ClosedSentence(CallTrace trace) => trace switch
    {
        { IsHttp1Written: false } => "The upstream had closed the idle connection.",
        { IsResponseStarted: false } => "The upstream closed the connection without a response.",
        _ => "The upstream closed the connection before the response headers were complete.",
    };

    private static UpstreamResult Failed(CallTrace trace, ProxyError error, string detail, bool isRefusedStream = false, bool isConnectTimeout = false) => new()
    {
        Error = error,
        WasSent = trace.IsHttp1 ? trace.IsHttp1Written : trace.IsConnected,
        IsConnectionReused = trace.IsConnectionReused,
        IsResponseStarted = trace.IsResponseStarted,
        IsRefusedStream = isRefusedStream,
        IsConnectTimeout = isConnectTimeout,
        Detail = detail,
    };

    private static bool HasBody(HttpRequestMessage request) => request.Content is not (null or NoBodyContent);

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (current is T found)
            {
                return found;
            }
        }

        return null;
    }
}
