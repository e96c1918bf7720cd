using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sidecar.LoadGen.Loop;

/// <summary>
/// The system calls of the generator. Its own, because a request costs two of them this way and six through the
/// framework's socket engine, and because what the generator spends is taken from the CPU it shares with the backend.
/// </summary>
internal static partial class Native
{
    public const int InProgress = 115;
    public const int TryAgain = 11;
    public const int Interrupted = 4;
    public const uint Readable = 0x001;
    public const uint Writable = 0x004;
    public const uint Broken = 0x008 | 0x010; // EPOLLERR, EPOLLHUP
    public const int Add = 1;
    public const int Delete = 2;
    public const int Modify = 3;
    private const int NonBlockingCloseOnExec = 0x800 | 0x80000;
    private const int NoSignal = 0x4000;

    /// <summary>A stream socket that never blocks, with Nagle's delay off.</summary>
    public static int Open(AddressFamily family)
    {
        var fd = Checked(socket(family == AddressFamily.InterNetworkV6 ? 10 : 2, 1 | NonBlockingCloseOnExec, 0), "socket");
        var one = 1;
        Checked(setsockopt(fd, 6, 1, ref one, sizeof(int)), "setsockopt");
        return fd;
    }

    /// <summary>Begins to connect; the socket becomes writable when that has ended.</summary>
    /// <returns>0 or <see cref="InProgress"/> when it goes well.</returns>
    public static unsafe int Connect(int fd, IPEndPoint endpoint)
    {
        var address = endpoint.Serialize();
        fixed (byte* bytes = address.Buffer.Span)
        {
            return connect(fd, bytes, address.Size) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>How a connect ended: 0 or an error number.</summary>
    public static int Error(int fd)
    {
        int value = 0, size = sizeof(int);
        return getsockopt(fd, 1, 4, ref value, ref size) == 0 ? value : Marshal.GetLastPInvokeError();
    }

    public static unsafe int Send(int fd, ReadOnlySpan<byte> bytes, out int error)
    {
        fixed (byte* first = bytes)
        {
            var sent = (int)send(fd, first, bytes.Length, NoSignal);
            error = sent < 0 ? Marshal.GetLastPInvokeError() : 0;
            return sent;
        }
    }

    public static unsafe int Receive(int fd, Span<byte> into, out int error)
    {
        fixed (byte* first = into)
        {
            var received = (int)recv(fd, first, into.Length, 0);
            error = received < 0 ? Marshal.GetLastPInvokeError() : 0;
            return received;
        }
    }

    public static void Close(int fd) => _ = close(fd);

    public static int OpenPoll() => Checked(epoll_create1(0x80000), "epoll_create1");

    public static int OpenEvent() => Checked(eventfd(0, NonBlockingCloseOnExec), "eventfd");

    public static unsafe void Signal(int fd)
    {
        ulong one = 1;
        _ = write(fd, &one, sizeof(ulong));
    }

    public static unsafe void ClearSignal(int fd)
    {
        ulong value;
        _ = read(fd, &value, sizeof(ulong));
    }

    public static unsafe void Watch(int poll, int operation, int fd, uint events, int key)
    {
        var data = stackalloc byte[16];
        *(uint*)data = events;
        *(long*)(data + PollEvents.DataOffset) = key;
        Checked(epoll_ctl(poll, operation, fd, data), "epoll_ctl");
    }

    /// <summary>Waits at most so many nanoseconds; the kernel's own timer, not rounded to milliseconds.</summary>
    public static unsafe int Poll(int poll, PollEvents events, long nanoseconds)
    {
        fixed (byte* first = events.Buffer)
        {
            var timeout = stackalloc long[2];
            (timeout[0], timeout[1]) = Math.DivRem(Math.Max(0, nanoseconds), 1_000_000_000);
            var ready = epoll_pwait2(poll, first, PollEvents.Capacity, timeout, 0);
            return ready >= 0 || Marshal.GetLastPInvokeError() == Interrupted ? Math.Max(0, ready) : Checked(ready, "epoll_pwait2");
        }
    }

    /// <summary>Timers of this thread fire when they are due, not up to 50 µs later.</summary>
    public static void WakeOnTime() => _ = prctl(29, 1, 0, 0, 0);

    private static int Checked(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int name, ref int value, int size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int name, ref int value, ref int size);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int connect(int fd, byte* address, int size);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint send(int fd, byte* bytes, nint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint recv(int fd, byte* bytes, nint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint read(int fd, void* bytes, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(int fd, void* bytes, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int epoll_ctl(int poll, int operation, int fd, byte* data);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int epoll_pwait2(int poll, byte* events, int capacity, long* timeout, nint signals);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint first, nint second, nint third, nint fourth);
}

/// <summary>The kernel's array of <c>epoll_event</c>, which is packed on x64 and nowhere else.</summary>
internal sealed class PollEvents
{
    public const int Capacity = 256;
    public static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int Size = DataOffset + 8;

    public byte[] Buffer { get; } = new byte[Capacity * Size];

    public uint Events(int index) => BitConverter.ToUInt32(Buffer, index * Size);

    public int Key(int index) => (int)BitConverter.ToInt64(Buffer, (index * Size) + DataOffset);
}
