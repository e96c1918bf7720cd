namespace Sidecar.Proxy.Overload;

/// <summary>What <c>auto</c> means: limits that follow the memory and CPU granted. Pure.</summary>
public static class ResourceLimits
{
    // 10 kB is the measured cost of an idle keep-alive connection, rounded up for its buffers; a quarter of the
    // memory may be connections. Bounds keep absurd grants from giving absurd limits.
    private const int BytesPerConnection = 16 * 1024;
    private const int BytesPerRequest = 64 * 1024;

    /// <summary>Connections for <c>limits.connections: auto</c>: a quarter of the memory at 16 KiB each, 256 to 65 536.</summary>
    /// <param name="memoryBytes">Memory granted to the process.</param>
    public static int Connections(long memoryBytes) =>
        (int)Math.Clamp(memoryBytes / 4 / BytesPerConnection, 256, 65_536);

    /// <summary>Requests for <c>limits.inFlight: auto</c>: half of the memory at 64 KiB each, at most 4 096 per CPU, 64 to 16 384.</summary>
    /// <param name="memoryBytes">Memory granted to the process.</param>
    /// <param name="processors">CPUs granted to the process, rounded up.</param>
    public static int InFlight(long memoryBytes, int processors) =>
        (int)Math.Clamp(Math.Min(memoryBytes / 2 / BytesPerRequest, 4096L * processors), 64, 16_384);
}
