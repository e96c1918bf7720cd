namespace Sidecar.Proxy.Telemetry;

/// <summary>Makes the id of a request whose caller named none: 32 hexadecimal digits of chance.</summary>
/// <param name="randomBits">64 random bits.</param>
public sealed class RequestIds(Func<long> randomBits)
{
    /// <summary>A new id.</summary>
    public string Next() => string.Create(32, (randomBits(), randomBits()), static (text, bits) =>
    {
        Write(text[..16], (ulong)bits.Item1);
        Write(text[16..], (ulong)bits.Item2);
    });

    private static void Write(Span<char> text, ulong bits)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = "0123456789abcdef"[(int)(bits & 0xf)];
            bits >>= 4;
        }
    }
}
