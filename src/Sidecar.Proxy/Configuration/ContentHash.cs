using System.Globalization;

namespace Sidecar.Proxy.Configuration;

/// <summary>
/// A number for a text, the same in every process: FNV-1a with 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/). It
/// tells an operator's versions of a document apart and guards nothing, and texts that differ in one character never
/// share it. Not a cryptographic hash on purpose: the first of those loads OpenSSL, 4 MB of a sidecar that may never speak
/// TLS (src/decisions/0014-memory-start-and-size.md).
/// </summary>
public struct ContentHash
{
    private const ulong OffsetBasis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    // Kept as the difference from the offset basis, so that the default value is the hash of nothing.
    private ulong _state;

    /// <summary>The number so far.</summary>
    public readonly ulong Value => _state ^ OffsetBasis;

    /// <summary>Appends a text, as UTF-16 with the low byte first.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        var hash = Value;
        foreach (var character in text)
        {
            hash = (hash ^ (byte)character) * Prime;
            hash = (hash ^ (byte)(character >> 8)) * Prime;
        }

        _state = hash ^ OffsetBasis;
    }

    /// <summary>Sixteen hexadecimal digits.</summary>
    public override readonly string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
