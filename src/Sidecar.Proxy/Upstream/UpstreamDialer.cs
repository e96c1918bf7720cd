using System.Net;
using System.Net.Sockets;

namespace Sidecar.Proxy.Upstream;

/// <summary>Opens every TCP connection that goes upstream, HTTP or not.</summary>
/// <param name="dialed">Remembers them while they are open.</param>
public sealed class UpstreamDialer(DialedSockets dialed)
{
    /// <summary>Connects; to the addresses of a name in turn, until one accepts.</summary>
    /// <exception cref="SocketException">What the kernel or the resolver said; of the last address.</exception>
    /// <exception cref="OperationCanceledException">Cancelled first.</exception>
    public async ValueTask<UpstreamSocket> DialAsync(string host, int port, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return await DialAsync(new IPEndPoint(address, port), cancellationToken);
        }

        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        for (var i = 0; i < addresses.Length - 1; i++)
        {
            try
            {
                return await DialAsync(new IPEndPoint(addresses[i], port), cancellationToken);
            }
            catch (SocketException)
            {
                // The next one may do.
            }
        }

        return addresses.Length > 0
            ? await DialAsync(new IPEndPoint(addresses[^1], port), cancellationToken)
            : throw new SocketException((int)SocketError.NoData);
    }

    /// <summary>Connects to an address.</summary>
    /// <exception cref="SocketException">What the kernel said.</exception>
    /// <exception cref="OperationCanceledException">Cancelled first.</exception>
    public async ValueTask<UpstreamSocket> DialAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        var socket = new Socket(destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        (IPEndPoint Local, IPEndPoint Remote)? connection = null;
        try
        {
            // Small requests must not wait for the peer's delayed acknowledgement (Nagle).
            socket.NoDelay = true;
            connection = dialed.Connect(socket, destination, out var connecting, cancellationToken);
            await connecting;

            // The HTTP client asks for the peer when it takes the connection over. When that has been reset already the question
            // fails, and the client loses the stream with its place in the limit; asked here, it is a failed connect.
            _ = socket.RemoteEndPoint;
            return new UpstreamSocket(socket, dialed, connection);
        }
        catch
        {
            dialed.Forget(connection);
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A connected socket that is forgotten as one of ours when it is closed.</summary>
public sealed class UpstreamSocket : IDisposable
{
    private readonly DialedSockets _dialed;
    private readonly (IPEndPoint Local, IPEndPoint Remote)? _connection;
    private bool _isForgotten;

    internal UpstreamSocket(Socket socket, DialedSockets dialed, (IPEndPoint Local, IPEndPoint Remote)? connection)
    {
        Socket = socket;
        _dialed = dialed;
        _connection = connection;
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
    internal void Forget()
    {
        if (!Interlocked.Exchange(ref _isForgotten, true))
        {
            _dialed.Forget(_connection);
        }
    }
}
