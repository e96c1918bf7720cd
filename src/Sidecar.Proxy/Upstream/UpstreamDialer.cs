using System.Net;
using System.Net.Sockets;
using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Upstream;

/// <summary>Opens every TCP connection that goes upstream, HTTP or not.</summary>
/// <param name="dialed">Remembers them while they are open.</param>
public sealed class UpstreamDialer(DialedSockets dialed)
{
    /// <summary>Connects; to the addresses of a name in turn, until one accepts.</summary>
    /// <param name="host">An address or a name.</param>
    /// <param name="port">Port.</param>
    /// <param name="onLoop">For HTTP: on an event loop of ours, where there is one (<see cref="UpstreamSocket.Loop"/>).</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">What the kernel or the resolver said; of the last address.</exception>
    /// <exception cref="OperationCanceledException">Cancelled first.</exception>
    public async ValueTask<UpstreamSocket> DialAsync(string host, int port, bool onLoop, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return await DialAsync(new IPEndPoint(address, port), onLoop, cancellationToken);
        }

        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        for (var i = 0; i < addresses.Length - 1; i++)
        {
            try
            {
                return await DialAsync(new IPEndPoint(addresses[i], port), onLoop, cancellationToken);
            }
            catch (SocketException)
            {
                // The next one may do.
            }
        }

        return addresses.Length > 0
            ? await DialAsync(new IPEndPoint(addresses[^1], port), onLoop, cancellationToken)
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
            connection = dialed.Connect(socket, destination, (socket, destination) => socket.ConnectAsync(destination, cancellationToken), out var connecting);
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

    private ValueTask<UpstreamSocket> DialAsync(IPEndPoint destination, bool onLoop, CancellationToken cancellationToken) =>
        onLoop && EventLoopGroup.IsSupported ? DialOnLoopAsync(destination, cancellationToken) : DialAsync(destination, cancellationToken);

    private async ValueTask<UpstreamSocket> DialOnLoopAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var socket = new Socket(destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };
        (IPEndPoint Local, IPEndPoint Remote)? connection = null;
        LoopSocket? loop = null;
        try
        {
            connection = dialed.Connect(socket, destination, SocketCalls.Connect, out var error);
            if (error == SocketError.Success)
            {
                loop = new LoopSocket(socket, isConnecting: true);
                var connecting = loop.ConnectedAsync();
                using (cancellationToken.UnsafeRegister(static loop => ((LoopSocket)loop!).CancelConnect(), loop))
                {
                    error = await connecting;
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            return error == SocketError.Success ? new UpstreamSocket(socket, dialed, connection, loop) : throw new SocketException((int)error);
        }
        catch
        {
            dialed.Forget(connection);
            loop?.Close();
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

    internal UpstreamSocket(Socket socket, DialedSockets dialed, (IPEndPoint Local, IPEndPoint Remote)? connection, LoopSocket? loop = null)
    {
        Loop = loop;
        Socket = socket;
        _dialed = dialed;
        _connection = connection;
    }

    /// <summary>The socket.</summary>
    public Socket Socket { get; }

    /// <summary>The socket as its event loop has it; null when it has none.</summary>
    internal LoopSocket? Loop { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        Loop?.Close();
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
