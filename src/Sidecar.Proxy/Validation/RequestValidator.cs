using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Sidecar.Proxy.Validation;

/// <summary>Why a request is refused.</summary>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Reason">One sentence for the log, without any byte of the request.</param>
/// <param name="ClosesConnection">Its framing cannot be trusted: nothing after it on the connection may be read.</param>
public readonly record struct RequestRefusal(int Status, string Reason, bool ClosesConnection);

/// <summary>
/// What the HTTP parser below lets through and this product does not: for framing and identity we reject and never
/// repair. Everything else is forwarded as received. Pure.
/// </summary>
public static class RequestValidator
{
    private static readonly SearchValues<char> TokenChars =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>A refusal, or null when the request may be forwarded.</summary>
    public static RequestRefusal? Check(HttpContext context)
    {
        var request = context.Request;
        var isHttp2 = HttpProtocol.IsHttp2(request.Protocol);
        return CheckTarget(context, isHttp2) ?? CheckFraming(request, isHttp2) ?? CheckHeaders(request, isHttp2);
    }

    private static RequestRefusal? CheckTarget(HttpContext context, bool isHttp2)
    {
        var request = context.Request;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (HttpMethods.IsConnect(request.Method) && context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true })
        {
            return new(501, "CONNECT is not offered on this listener.", true);
        }

        // With alternate schemes allowed for h2c (see ProtocolDetectionMiddleware), a client may claim any scheme.
        if (request.Scheme is not ("http" or "https"))
        {
            return new(400, "The :scheme is neither http nor https.", false);
        }

        if (target.StartsWith('/'))
        {
            return target.AsSpan().ContainsAny(FieldValue.Forbidden) || target.Contains(' ', StringComparison.Ordinal)
                ? new(400, "The request target contains a control character or a space.", !isHttp2)
                : null;
        }

        if (target == "*")
        {
            return new(501, "The asterisk form of the request target is not forwarded.", false);
        }

        // Absolute form: the authority of the target and Host must name the same place, or routing, log and upstream
        // would each believe another one (RFC 9112 §3.2.2).
        return RawTarget.TrySplitAbsolute(target, out var authority, out _) && AuthoritiesAgree(authority, request.Host.Value, request.Scheme)
            ? null
            : new(400, "The absolute request target does not agree with Host.", true);
    }

    private static RequestRefusal? CheckFraming(HttpRequest request, bool isHttp2)
    {
        var headers = request.Headers;
        if (!request.Host.HasValue)
        {
            return HttpProtocol.IsHttp10(request.Protocol) ? null : new(400, "The request names no host.", true);
        }

        if (request.Host.Port is > ushort.MaxValue)
        {
            return new(400, "The port of Host is out of range.", true);
        }

        var transferEncoding = headers.TransferEncoding;
        if (transferEncoding.Count > 0)
        {
            if (isHttp2 || HttpProtocol.IsHttp10(request.Protocol))
            {
                return new(400, "Transfer-Encoding is not part of this protocol version.", !isHttp2);
            }

            if (transferEncoding.Count != 1 || !string.Equals(transferEncoding[0], "chunked", StringComparison.OrdinalIgnoreCase))
            {
                return new(501, "Transfer-Encoding is something else than chunked.", true);
            }

            // Kestrel moves a Content-Length that came beside Transfer-Encoding to this header instead of refusing it.
            if (headers.ContentLength is not null || headers.ContainsKey("X-Content-Length"))
            {
                return new(400, "Content-Length and Transfer-Encoding are both present.", true);
            }
        }

        if (headers.Expect.Count > 0
            && (headers.Expect.Count != 1 || !string.Equals(headers.Expect[0], "100-continue", StringComparison.OrdinalIgnoreCase)))
        {
            return new(417, "Expect is something else than 100-continue.", true);
        }

        return null;
    }

    private static RequestRefusal? CheckHeaders(HttpRequest request, bool isHttp2)
    {
        foreach (var (name, values) in request.Headers)
        {
            // Pseudo-header names are the framework's view of what it has validated.
            if (name.Length > 0 && name[0] == ':' && isHttp2 && name is ":authority" or ":method" or ":path" or ":scheme" or ":protocol")
            {
                continue;
            }

            // Kestrel does not check HTTP/2 header names at all: CR, LF, colon and space arrive as they were sent.
            if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(TokenChars))
            {
                return new(400, "A header name is not a token.", !isHttp2);
            }

            if (IsFramingLookalike(name))
            {
                return new(400, "A header name imitates a framing header.", true);
            }

            if (isHttp2 && IsConnectionSpecific(name))
            {
                return new(400, "A connection-specific header is not part of HTTP/2.", false);
            }

            foreach (var value in values)
            {
                if (value is not null && value.AsSpan().ContainsAny(FieldValue.Forbidden))
                {
                    return new(400, "A header value contains a control character.", !isHttp2);
                }
            }
        }

        return null;
    }

    /// <summary><c>Transfer_Encoding</c> and <c>Content_Length</c> become the real ones in CGI-style servers.</summary>
    private static bool IsFramingLookalike(string name) =>
        name.Length is 14 or 17 && name.Contains('_', StringComparison.Ordinal)
        && (name.Replace('_', '-').Equals(Microsoft.Net.Http.Headers.HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase)
            || name.Replace('_', '-').Equals(Microsoft.Net.Http.Headers.HeaderNames.TransferEncoding, StringComparison.OrdinalIgnoreCase));

    /// <summary>RFC 9113 §8.2.2.</summary>
    private static bool IsConnectionSpecific(string name) =>
        name.Length is 7 or 10 or 16
        && (name.Equals(Microsoft.Net.Http.Headers.HeaderNames.Upgrade, StringComparison.OrdinalIgnoreCase)
            || name.Equals(Microsoft.Net.Http.Headers.HeaderNames.KeepAlive, StringComparison.OrdinalIgnoreCase)
            || name.Equals(Microsoft.Net.Http.Headers.HeaderNames.ProxyConnection, StringComparison.OrdinalIgnoreCase));

    private static bool AuthoritiesAgree(ReadOnlySpan<char> authority, string? host, string scheme)
    {
        var defaultPort = scheme == "https" ? ":443" : ":80";
        return WithoutSuffix(authority, defaultPort).Equals(WithoutSuffix(host, defaultPort), StringComparison.OrdinalIgnoreCase);
    }

    private static ReadOnlySpan<char> WithoutSuffix(ReadOnlySpan<char> text, string suffix) =>
        text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;
}
