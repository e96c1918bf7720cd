using System.Net;
using System.Net.Sockets;
using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Tests.Sockets;

/// <summary>A connection over loopback: one end on an event loop, the other a plain, blocking socket.</summary>
internal sealed class SocketPair : IDisposable
{
    public SocketPair(EventLoop? loop = null)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000, SendTimeout = 30_000 };
        Peer.Connect(listener.LocalEndPoint!);
        var accepted = listener.Accept();
        accepted.NoDelay = true;
        Ours = new LoopSocket(accepted, loop: loop);
    }

    public LoopSocket Ours { get; }

    public Socket Peer { get; }

    /// <summary>The peer goes away without a word.</summary>
    public void Reset()
    {
        Peer.LingerState = new LingerOption(true, 0);
        Peer.Dispose();
    }

    /// <summary>What the peer gets until it has so many bytes or the connection ends.</summary>
    public byte[] PeerReads(int count)
    {
        var bytes = new byte[count];
        var read = 0;
        while (read < count && Peer.Receive(bytes.AsSpan(read)) is > 0 and var more)
        {
            read += more;
        }

        return bytes[..read];
    }

    public void Dispose()
    {
        Ours.Close();
        Peer.Dispose();
    }
}
