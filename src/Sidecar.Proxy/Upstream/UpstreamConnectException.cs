using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// No connection was made. It only travels through the HTTP client, which offers no other way out of a connect
/// callback, and ends in an <see cref="UpstreamResult"/>.
/// </summary>
internal sealed class UpstreamConnectException(ProxyError error, string detail, Exception? inner = null) : IOException(detail, inner)
{
    /// <summary><see cref="ProxyError.ConnectFailed"/> or <see cref="ProxyError.Overloaded"/>.</summary>
    public ProxyError Error { get; } = error;
}
