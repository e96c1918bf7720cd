using System.Runtime.CompilerServices;

namespace Sidecar.Proxy.Forwarding;

/// <summary>Destination and raw target → the address of one attempt, without touching a byte of the target.</summary>
public static class UpstreamUri
{
    // Applications call few addresses many times, and an address costs two objects of 100 bytes and its parsing. At most
    // 256 are kept, the last of each slot, none with a long target.
    private const int Slots = 256;
    private const int LongestKept = 256;

    private static readonly UriCreationOptions Raw = new() { DangerousDisablePathAndQueryCanonicalization = true };
    private static readonly Address?[] Kept = new Address?[Slots];

    /// <summary>The address of an attempt.</summary>
    /// <param name="destination">Scheme, authority and perhaps a path prefix.</param>
    /// <param name="pathAndQuery">Starts with <c>/</c>.</param>
    public static Uri Create(Uri destination, string pathAndQuery)
    {
        if (pathAndQuery.Length > LongestKept)
        {
            return Make(destination, pathAndQuery);
        }

        // The string's hash is seeded per process: nobody outside can aim at a slot.
        ref var slot = ref Kept[(uint)(pathAndQuery.GetHashCode(StringComparison.Ordinal) ^ RuntimeHelpers.GetHashCode(destination)) % Slots];
        if (Volatile.Read(ref slot) is { } kept && ReferenceEquals(kept.Destination, destination) && kept.PathAndQuery == pathAndQuery)
        {
            return kept.Whole;
        }

        var whole = Make(destination, pathAndQuery);
        Volatile.Write(ref slot, new Address(destination, pathAndQuery, whole));
        return whole;
    }

    private static Uri Make(Uri destination, string pathAndQuery)
    {
        var prefix = destination.AbsolutePath;
        var address = prefix.Length <= 1
            ? string.Concat(destination.Scheme, "://", destination.Authority, pathAndQuery)
            : string.Concat(string.Concat(destination.Scheme, "://", destination.Authority), prefix.AsSpan().TrimEnd('/'), pathAndQuery);
        return new Uri(address, Raw);
    }

    private sealed record Address(Uri Destination, string PathAndQuery, Uri Whole);
}
