using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Sidecar.Proxy.AppHealth;

/// <summary>
/// Dials the application for one probe: at the address at which the kubelet reached us, which is the one it would have dialled
/// itself, so that an application that listens on loopback only is as unhealthy with a sidecar as without. The socket is the
/// proxy's own user's, so it is not redirected.
/// </summary>
internal static class ProbeConnection
{
    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">Refused, unreachable, or the name is not known.</exception>
    public static async ValueTask<Socket> DialAsync(ProbeTarget target, int port, IPAddress reachedAt, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (target.Host is { } host)
            {
                await socket.ConnectAsync(host, port, cancellationToken);
            }
            else
            {
                await socket.ConnectAsync(new IPEndPoint(reachedAt, port), cancellationToken);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects, with TLS where asked. There must be a certificate; whose it is, the kubelet does not ask either.</summary>
    public static async ValueTask<Stream> OpenAsync(ProbeTarget target, int port, bool isTls, IPAddress reachedAt, CancellationToken cancellationToken)
    {
        var stream = new NetworkStream(await DialAsync(target, port, reachedAt, cancellationToken), ownsSocket: true);
        if (!isTls)
        {
            return stream;
        }

        var tls = new SslStream(stream);
        try
        {
            // Like the kubelet's client: the name is that of the URL, so an address sends none, and no ALPN is HTTP/1.1.
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = target.Host ?? reachedAt.ToString(),
                    RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
                },
                cancellationToken);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    /// <summary>The authority of a URL, port always written.</summary>
    public static string Authority(ProbeTarget target, IPAddress reachedAt)
    {
        var host = target.Host ?? (reachedAt.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(reachedAt.GetAddressBytes()).ToString() : reachedAt.ToString());
        return host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{target.Port}" : $"{host}:{target.Port}";
    }
}
