namespace Sidecar.Proxy.Interception;

/// <summary>What the first bytes of a connection say.</summary>
public enum DetectedProtocol
{
    /// <summary>Too few bytes to tell.</summary>
    Undecided,

    /// <summary>HTTP/1.x, or something that the HTTP/1 parser will refuse.</summary>
    Http1,

    /// <summary>HTTP/2 with prior knowledge: the connection preface (RFC 9113 §3.4).</summary>
    Http2,
}

/// <summary>Tells HTTP/1.x and HTTP/2 with prior knowledge apart by the first bytes. Pure.</summary>
public static class ProtocolDetector
{
    // "PRI " is enough: PRI is not a registered method, and RFC 9113 §3.4 reserves it for this purpose.
    private static ReadOnlySpan<byte> PrefaceStart => "PRI "u8;

    /// <summary>Decides as early as a byte differs from the HTTP/2 preface.</summary>
    public static DetectedProtocol Detect(ReadOnlySpan<byte> firstBytes)
    {
        var length = Math.Min(firstBytes.Length, PrefaceStart.Length);
        if (!firstBytes[..length].SequenceEqual(PrefaceStart[..length]))
        {
            return DetectedProtocol.Http1;
        }

        return length == PrefaceStart.Length ? DetectedProtocol.Http2 : DetectedProtocol.Undecided;
    }
}
