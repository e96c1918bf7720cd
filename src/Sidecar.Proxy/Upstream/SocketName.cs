using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// The local address of a socket while it is still connecting. <see cref="Socket.LocalEndPoint"/> says it only afterwards,
/// which is too late to recognize a connection that was redirected to ourselves.
/// </summary>
internal static class SocketName
{
    /// <summary>Asks the kernel; null where it has no answer, and anywhere but on Linux, where nothing is intercepted.</summary>
    public static IPEndPoint? Of(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var address = new SocketAddress(socket.AddressFamily);
        var length = address.Size;
        if (getsockname(socket.SafeHandle.DangerousGetHandle(), ref MemoryMarshal.GetReference(address.Buffer.Span), ref length) != 0)
        {
            return null;
        }

        var template = socket.AddressFamily == AddressFamily.InterNetworkV6 ? new IPEndPoint(IPAddress.IPv6Any, 0) : new IPEndPoint(IPAddress.Any, 0);
        return (IPEndPoint)template.Create(address);
    }

    // getsockname(2): every argument is blittable, so that no marshalling code is needed.
    [DllImport("libc", EntryPoint = "getsockname")]
    private static extern int getsockname(nint socket, ref byte address, ref int length);
}
