using System.Net;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Upstream;

/// <summary>Which HTTP version a message goes out with (PRODUCT §2, <c>protocol</c>).</summary>
internal static class ProtocolSelection
{
    /// <summary>Version and policy for the client.</summary>
    /// <param name="protocol">What the cluster says.</param>
    /// <param name="request">Its scheme, and whether it is an upgrade, matter for <c>auto</c>.</param>
    /// <param name="isCallerHttp2">The caller spoke HTTP/2.</param>
    public static (Version Version, HttpVersionPolicy Policy) Select(UpstreamProtocol protocol, HttpRequestMessage request, bool isCallerHttp2) => protocol switch
    {
        UpstreamProtocol.Http1 => (HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact),

        // Exact over cleartext is prior knowledge, over TLS an ALPN that offers nothing else.
        UpstreamProtocol.Http2 => (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact),

        // An HTTP/1 upgrade has no form in HTTP/2, an extended CONNECT none in HTTP/1: both keep their version.
        _ when request.Headers.NonValidated.Contains("Upgrade") => (HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact),
        _ when request.Headers.Protocol is not null => (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact),
        _ when request.RequestUri!.Scheme == Uri.UriSchemeHttps => (HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower),
        _ => (isCallerHttp2 ? HttpVersion.Version20 : HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact),
    };
}
