using System.Net.Sockets;

namespace Sidecar.Proxy.Interception;

/// <summary>Closes with a reset (RST) instead of an orderly end: what a kernel does that refuses or gives up.</summary>
public static class SocketReset
{
    /// <summary>Never throws; a socket that is closed already stays as it is.</summary>
    public static void Close(Socket socket)
    {
        try
        {
            // Lingering for no time is how Linux is told to reset.
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        socket.Dispose();
    }
}
