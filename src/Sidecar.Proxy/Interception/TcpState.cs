using System.Net.Sockets;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// What the kernel knows of a connection whose socket nobody is reading. A reset is told to a read or a write that waits, and to
/// nobody else; the state can be asked for.
/// </summary>
public static class TcpState
{
    // include/uapi/linux/tcp.h: the first byte of TCP_INFO is the state; include/net/tcp_states.h.
    private const int SolTcp = 6, TcpInfo = 11, Close = 7, CloseWait = 8;

    /// <summary>Has the peer reset the connection, or given it up? False where the system does not say.</summary>
    public static bool IsReset(Socket socket) => Read(socket) == Close;

    /// <summary>Has the peer ended its half in an orderly way, and not reset the connection since?</summary>
    public static bool IsHalfClosedByPeer(Socket socket) => Read(socket) == CloseWait;

    private static int Read(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        Span<byte> state = stackalloc byte[1];
        try
        {
            return socket.GetRawSocketOption(SolTcp, TcpInfo, state) == 1 ? state[0] : 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
