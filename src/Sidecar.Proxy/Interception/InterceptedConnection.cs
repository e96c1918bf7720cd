using System.Net;
using System.Net.Sockets;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Interception;

/// <summary>An accepted connection that the kernel's rules turned to us.</summary>
/// <param name="socket">The client's side.</param>
/// <param name="feature">Listener, original destination and refusal.</param>
/// <param name="peer">Who dialled.</param>
public sealed class InterceptedConnection(Socket socket, ListenerFeature feature, IPEndPoint peer)
{
    /// <summary>The client's side.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>Listener, original destination and refusal.</summary>
    public ListenerFeature Feature { get; } = feature;

    /// <summary>Who dialled.</summary>
    public IPEndPoint Peer { get; } = peer;

    /// <summary>Which way it goes.</summary>
    public Direction Direction => Feature.Direction;

    /// <summary>Where the application dialled; only to be asked where <see cref="ListenerFeature.Refusal"/> is null.</summary>
    public IPEndPoint Original => Feature.Original ?? throw new InvalidOperationException("The connection was not redirected.");

    /// <summary>The client's side on an event loop, from the moment that somebody waits for its first bytes; null where there is no such loop.</summary>
    internal LoopSocket? Loop { get; private set; }

    /// <summary>Completes when the client has spoken, or ended; fails with what the kernel said, and when the socket is closed.</summary>
    /// <param name="stopping">The process ends.</param>
    internal Task HasSpokenAsync(CancellationToken stopping)
    {
        if (!EventLoopGroup.IsSupported)
        {
            return Readable.WaitAsync(Socket, stopping);
        }

        Loop ??= new LoopSocket(Socket);
        return HasSpokenAsync(Loop, stopping);
    }

    /// <summary>Closes with a reset, as a kernel would that refuses.</summary>
    public void Reset()
    {
        Loop?.Release();
        SocketReset.Close(Socket);
    }

    private static async Task HasSpokenAsync(LoopSocket socket, CancellationToken stopping)
    {
        var receiving = socket.ReceiveAsync(Memory<byte>.Empty);
        SocketResult result;
        using (stopping.UnsafeRegister(static socket => ((LoopSocket)socket!).CancelReceive(), socket))
        {
            result = await receiving;
        }

        stopping.ThrowIfCancellationRequested();
        var error = result.IsSuccess && TcpState.IsReset(socket.Socket) ? SocketError.ConnectionReset : result.Error;
        if (error != SocketError.Success)
        {
            throw new SocketException((int)error);
        }
    }
}
