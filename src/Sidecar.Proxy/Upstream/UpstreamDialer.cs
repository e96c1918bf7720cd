using System.Net;
using System.Net.Sockets;

namespace Sidecar.Proxy.Upstream;

/// <summary>Opens every TCP connection that goes upstream, HTTP or not.</summary>
/// <param name="dialed">Remembers them while they are open.</param>
public sealed class UpstreamDialer(DialedSockets dialed)
{
    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">What the kernel said.</exception>
    /// <exception cref="OperationCanceledException">Cancelled first.</exception>
    public async ValueTask<UpstreamSocket> DialAsync(string host, int port, CancellationToken cancellationToken)
    {
        // An address needs no resolver, and a socket of its own family no mapping.
        var address = IPAddress.TryParse(host, out var literal) ? literal : null;
        var socket = address is null ? new Socket(SocketType.Stream, ProtocolType.Tcp) : new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        IPEndPoint? local = null;
        try
        {
            // Small requests must not wait for the peer's delayed acknowledgement (Nagle).
            socket.NoDelay = true;
            var connecting = socket.ConnectAsync(address is null ? new DnsEndPoint(host, port) : new IPEndPoint(address, port), cancellationToken);

            // At once, not when connected: the rules may have led it back to us already.
            local = dialed.Add(socket);
            await connecting;
            local ??= dialed.Add(socket);
            return new UpstreamSocket(socket, dialed, local);
        }
        catch
        {
            dialed.Remove(local);
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A connected socket that is forgotten as one of ours when it is closed.</summary>
public sealed class UpstreamSocket : IDisposable
{
    private readonly DialedSockets _dialed;
    private IPEndPoint? _local;

    internal UpstreamSocket(Socket socket, DialedSockets dialed, IPEndPoint? local)
    {
        Socket = socket;
        _dialed = dialed;
        _local = local;
    }

    /// <summary>The socket.</summary>
    public Socket Socket { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        Socket.Dispose();
    }

    /// <summary>The socket is being closed by somebody else.</summary>
    internal void Forget() => _dialed.Remove(Interlocked.Exchange(ref _local, null));
}
