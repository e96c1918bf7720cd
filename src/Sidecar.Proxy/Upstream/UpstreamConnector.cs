using System.Net.Sockets;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Upstream;

/// <summary>Opens the connections of one cluster: limit, dial, TLS.</summary>
/// <param name="dialer">Opens sockets.</param>
/// <param name="limit">Places per address.</param>
/// <param name="tls">How TLS is spoken where the address says https.</param>
internal sealed class UpstreamConnector(UpstreamDialer dialer, ConnectionLimit limit, TlsOrigination tls)
{
    /// <summary>The HTTP client's connect callback.</summary>
    /// <exception cref="UpstreamConnectException">The limit is reached, or the connection could not be made.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endPoint = context.DnsEndPoint;
        if (CallTrace.Of(context.InitialRequestMessage) is { IsConnected: true, Request: not null })
        {
            // The call has had its connection: either another one became free meanwhile, or the client wants to repeat
            // the call. Neither needs this dial, and the repetition must not wait for it, unbounded by the call's clock.
            throw new UpstreamConnectException(ProxyError.ConnectFailed, "The connection is not needed.");
        }

        if (!limit.TryEnter(endPoint.Host, endPoint.Port))
        {
            throw new UpstreamConnectException(ProxyError.Overloaded, "The destination's connection limit is reached.");
        }

        UpstreamSocket? socket = null;
        Stream stream;
        try
        {
            socket = await dialer.DialAsync(endPoint.Host, endPoint.Port, onLoop: true, cancellationToken);
            stream = socket.Loop is { } loop
                ? new UpstreamLoopStream(socket, loop, limit, endPoint.Host, endPoint.Port)
                : new UpstreamSocketStream(socket, limit, endPoint.Host, endPoint.Port);
        }
        catch (Exception e)
        {
            socket?.Dispose();
            limit.Leave(endPoint.Host, endPoint.Port);
            throw e is SocketException failure
                ? new UpstreamConnectException(ProxyError.ConnectFailed, $"Connect failed: {SocketErrors.Describe(failure.SocketErrorCode)}.", e)
                : e;
        }

        return context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttps
            ? await tls.AuthenticateAsync(stream, endPoint.Host, context.InitialRequestMessage, cancellationToken)
            : stream;
    }
}
