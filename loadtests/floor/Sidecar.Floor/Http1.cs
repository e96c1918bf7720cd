using System.Buffers;
using System.Buffers.Text;

namespace Sidecar.Floor;

/// <summary>How a body ends.</summary>
/// <param name="Length">Its bytes; less than zero when not told.</param>
/// <param name="IsChunked">By its last chunk.</param>
internal readonly record struct Framing(long Length, bool IsChunked);

/// <summary>As much of HTTP/1.1 as the bench's requests need, checked as an intermediary must: names, values, one framing.</summary>
internal static class Http1
{
    private static readonly SearchValues<byte> s_token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> s_notInAValue = SearchValues.Create("\0\r\n"u8);

    /// <summary>Bytes up to the end of the blank line; 0 when it has not come yet.</summary>
    public static int HeadLength(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.IndexOf("\r\n\r\n"u8);
        return at < 0 ? 0 : at + 4;
    }

    /// <summary>The line at the start of <paramref name="head"/>, which moves behind it.</summary>
    public static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> head)
    {
        var end = head.IndexOf("\r\n"u8);
        var line = head[..end];
        head = head[(end + 2)..];
        return line;
    }

    /// <summary>Takes one field and checks it; false at the blank line.</summary>
    public static bool TryTakeField(ref ReadOnlySpan<byte> head, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var line = TakeLine(ref head);
        name = value = default;
        if (line.IsEmpty)
        {
            return false;
        }

        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(s_token) || line[(colon + 1)..].ContainsAny(s_notInAValue))
        {
            throw new InvalidDataException("A field is malformed.");
        }

        name = line[..colon];
        value = line[(colon + 1)..].Trim((byte)' ');
        return true;
    }

    /// <summary>Notes what the field says about the body. Returns whether it goes on to the other side.</summary>
    public static bool Passes(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref Framing framing)
    {
        switch (name.Length)
        {
            case 2 when Is(name, "te"u8):
            case 7 when Is(name, "upgrade"u8):
            case 10 when Is(name, "connection"u8) || Is(name, "keep-alive"u8):
            case 16 when Is(name, "proxy-connection"u8):
                return false;
            case 14 when Is(name, "content-length"u8):
                if (framing.Length >= 0 || framing.IsChunked || !Utf8Parser.TryParse(value, out long length, out var used) || used != value.Length || length < 0)
                {
                    throw new InvalidDataException("The length of the body is malformed.");
                }

                framing = new Framing(length, false);
                return true;
            case 17 when IsTransferEncoding(name):
                if (framing.Length >= 0 || framing.IsChunked || !Is(value, "chunked"u8))
                {
                    throw new InvalidDataException("The encoding of the body is not supported.");
                }

                framing = new Framing(-1, true);
                return true;
            default:
                return true;
        }
    }

    /// <summary>Copies a head without the fields that belong to the connection. Returns its new length and how the body ends.</summary>
    public static int CopyHead(ReadOnlySpan<byte> head, Span<byte> target, out Framing framing)
    {
        framing = new Framing(-1, false);
        var length = Append(target, 0, TakeLine(ref head), "\r\n"u8);
        while (TryTakeField(ref head, out var name, out var value))
        {
            if (Passes(name, value, ref framing))
            {
                length = Append(target, length, name, ": "u8);
                length = Append(target, length, value, "\r\n"u8);
            }
        }

        return Append(target, length, "\r\n"u8, default);
    }

    /// <summary>The three digits of a status line.</summary>
    public static int Status(ReadOnlySpan<byte> head) =>
        head.StartsWith("HTTP/1."u8) && Utf8Parser.TryParse(head[9..12], out int status, out var used) && used == 3
            ? status
            : throw new InvalidDataException("The answer has no status.");

    /// <summary>Appends two pieces; returns the new length.</summary>
    public static int Append(Span<byte> target, int length, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        first.CopyTo(target[length..]);
        second.CopyTo(target[(length + first.Length)..]);
        return length + first.Length + second.Length;
    }

    /// <summary>The field that says chunks.</summary>
    public static bool IsTransferEncoding(ReadOnlySpan<byte> name) => Is(name, "transfer-encoding"u8);

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) => System.Text.Ascii.EqualsIgnoreCase(text, lower);
}
