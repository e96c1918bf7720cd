using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// What the kernel knows of a connection whose socket nobody is reading. A reset is told to a read or a write that waits, and to
/// nobody else; the state can be asked for.
/// </summary>
public static class TcpState
{
    // include/uapi/linux/tcp.h: the first byte of TCP_INFO is the state; include/net/tcp_states.h.
    private const int SolTcp = 6, TcpInfo = 11, Close = 7, CloseWait = 8;

    // tcpi_last_data_recv: milliseconds.
    private const int LastDataReceived = 52;

    /// <summary>Has the peer reset the connection, or given it up? False where the system does not say.</summary>
    public static bool IsReset(Socket socket) => State(socket) == Close;

    /// <summary>Has the peer ended its half in an orderly way, and not reset the connection since?</summary>
    public static bool IsHalfClosedByPeer(Socket socket) => State(socket) == CloseWait;

    /// <summary>How long the peer has sent nothing, read by us or not; null where the system does not say.</summary>
    public static TimeSpan? SilenceOfPeer(Socket socket)
    {
        Span<byte> info = stackalloc byte[LastDataReceived + sizeof(uint)];
        return Read(socket, info) ? TimeSpan.FromMilliseconds(MemoryMarshal.Read<uint>(info[LastDataReceived..])) : null;
    }

    private static int State(Socket socket)
    {
        Span<byte> state = stackalloc byte[1];
        return Read(socket, state) ? state[0] : 0;
    }

    private static bool Read(Socket socket, Span<byte> info)
    {
        try
        {
            return OperatingSystem.IsLinux() && socket.GetRawSocketOption(SolTcp, TcpInfo, info) == info.Length;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
