namespace Sidecar.Proxy.Sockets;

/// <summary>The event loops of the process. They are started by the first socket and live as long as it does.</summary>
internal static class EventLoopGroup
{
    private static readonly Lock s_gate = new();
    private static volatile EventLoop[]? s_loops;
    private static int s_next;

    /// <summary>epoll is Linux's; anywhere else the platform's own engine does the work.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>How many there are; to be set before the first socket is made.</summary>
    public static int Size { get; set; } = Math.Min(2, Environment.ProcessorCount);

    /// <summary>The loop of the next socket, each in turn.</summary>
    public static EventLoop Next()
    {
        var loops = s_loops ?? Start();
        return loops.Length == 1 ? loops[0] : loops[(int)((uint)Interlocked.Increment(ref s_next) % (uint)loops.Length)];
    }

    private static EventLoop[] Start()
    {
        lock (s_gate)
        {
            return s_loops ??= [.. Enumerable.Range(1, Size).Select(number => new EventLoop(number))];
        }
    }
}
