using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sidecar.Proxy.Sockets;

/// <summary>
/// The system calls of an <see cref="EventLoop"/>, epoll(7). Every argument is blittable, so that no marshalling code is needed.
/// </summary>
internal static class Epoll
{
    /// <summary>EPOLLIN.</summary>
    public const uint Readable = 0x001;

    /// <summary>EPOLLOUT.</summary>
    public const uint Writable = 0x004;

    /// <summary>
    /// EPOLLERR, EPOLLHUP, EPOLLRDHUP: there will be an end or an error to read, without a further event. EPOLLPRI: a receive stops at the
    /// urgent mark, whatever is behind it.
    /// </summary>
    public const uint Ended = 0x008 | 0x010 | 0x2000 | 0x002;

    // All of it, told once for every change (EPOLLET): a socket is registered once for its life.
    private const uint Everything = Readable | Writable | Ended | 0x8000_0000;

    private const int Add = 1, Delete = 2, CloseOnExec = 0x80000;

    // errno(3), the same on every architecture that .NET knows.
    private const int Interrupted = 4;

    // The kernel's epoll_event is packed on x64 and nowhere else.
    private static readonly int s_dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? sizeof(uint) : sizeof(ulong);

    private static readonly int s_eventSize = s_dataOffset + sizeof(ulong);

    /// <summary>A new epoll instance.</summary>
    /// <exception cref="Win32Exception">Out of descriptors or memory.</exception>
    public static int Create() => Checked(epoll_create1(CloseOnExec));

    /// <summary>Room for so many events.</summary>
    public static byte[] Events(int capacity) => new byte[capacity * s_eventSize];

    /// <summary>Waits for events, for ever; how many there are.</summary>
    public static int Wait(int epoll, byte[] events)
    {
        int ready;
        do
        {
            ready = epoll_wait(epoll, ref events[0], events.Length / s_eventSize, -1);
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return Checked(ready);
    }

    /// <summary>One event of <see cref="Wait"/>.</summary>
    public static (uint Events, ulong Key) Event(byte[] events, int index)
    {
        var at = events.AsSpan(index * s_eventSize, s_eventSize);
        return (MemoryMarshal.Read<uint>(at), MemoryMarshal.Read<ulong>(at[s_dataOffset..]));
    }

    /// <summary>From now on every change of the socket is an event with this key.</summary>
    /// <exception cref="Win32Exception">Out of memory.</exception>
    public static void Watch(int epoll, SafeSocketHandle socket, ulong key)
    {
        Span<byte> wanted = stackalloc byte[s_eventSize];
        MemoryMarshal.Write(wanted, Everything);
        MemoryMarshal.Write(wanted[s_dataOffset..], key);
        Checked(epoll_ctl(epoll, Add, (int)socket.DangerousGetHandle(), ref MemoryMarshal.GetReference(wanted)));
    }

    /// <summary>The socket goes on without the loop. Not needed before it is closed.</summary>
    public static void Forget(int epoll, SafeSocketHandle socket)
    {
        var isHeld = false;
        try
        {
            // Its number is another's as soon as it is closed.
            socket.DangerousAddRef(ref isHeld);
            byte ignored = 0;
            _ = epoll_ctl(epoll, Delete, (int)socket.DangerousGetHandle(), ref ignored);
        }
        catch (ObjectDisposedException)
        {
            // Closed, and so forgotten.
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_create1(int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_ctl(int epoll, int operation, int socket, ref byte wanted);

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_wait(int epoll, ref byte events, int capacity, int timeout);
}
