using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sidecar.Proxy.Sockets;

/// <summary>
/// The system calls of a <see cref="LoopSocket"/>, which does not block: one each, without the platform's layers above them. A socket that is
/// closed meanwhile keeps its number until the call has ended.
/// </summary>
internal static class SocketCalls
{
    // errno(3), the same on every architecture that .NET knows.
    private const int Interrupted = 4, InProgress = 115;

    // MSG_NOSIGNAL.
    private const int NoSignal = 0x4000;

    /// <summary>recv(2).</summary>
    public static SocketResult Receive(SafeSocketHandle socket, Span<byte> buffer) => Call(socket, buffer, isSend: false);

    /// <summary>send(2).</summary>
    public static SocketResult Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes) =>
        Call(socket, MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(bytes), bytes.Length), isSend: true);

    /// <summary>Begins to connect, connect(2); the socket is writable when that has ended.</summary>
    /// <returns>Success when it goes well, else what the kernel refused it with.</returns>
    public static SocketError Connect(Socket socket, IPEndPoint destination)
    {
        var address = destination.Serialize();
        var result = connect((int)socket.SafeHandle.DangerousGetHandle(), ref MemoryMarshal.GetReference(address.Buffer.Span), address.Size);
        return result == 0 || Marshal.GetLastPInvokeError() == InProgress ? SocketError.Success : Said(Marshal.GetLastPInvokeError());
    }

    private static SocketResult Call(SafeSocketHandle socket, Span<byte> bytes, bool isSend)
    {
        var isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            var number = (int)socket.DangerousGetHandle();
            ref var first = ref MemoryMarshal.GetReference(bytes);
            while (true)
            {
                var count = isSend ? send(number, ref first, bytes.Length, NoSignal) : recv(number, ref first, bytes.Length, 0);
                if (count >= 0)
                {
                    return new SocketResult((int)count, SocketError.Success);
                }

                if (Marshal.GetLastPInvokeError() is not Interrupted and var error)
                {
                    return new SocketResult(0, Said(error));
                }
            }
        }
        catch (ObjectDisposedException)
        {
            return SocketResult.Closed;
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    private static SocketError Said(int error) => error switch
    {
        1 or 13 => SocketError.AccessDenied,
        11 => SocketError.WouldBlock,
        32 => SocketError.Shutdown,
        99 => SocketError.AddressNotAvailable,
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        105 => SocketError.NoBufferSpaceAvailable,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    };

    [DllImport("libc", SetLastError = true)]
    private static extern nint recv(int socket, ref byte buffer, nint length, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern nint send(int socket, ref byte bytes, nint length, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int connect(int socket, ref byte address, int length);
}
