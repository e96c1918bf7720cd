using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Formats one log line as JSON, into a span, without allocation. Whatever the strings hold, the result is one line of valid
/// JSON: control characters (C0, C1, DEL), quotes, backslashes, U+2028/2029 and the bidirectional controls are escaped, so that a
/// terminal is not fooled either; half surrogates become U+FFFD. Long texts are cut, and fields that do not fit are left out
/// with <c>"truncated":true</c>.
/// </summary>
internal static class JsonLine
{
    /// <summary>Longest line in bytes, its end included.</summary>
    internal const int MaxLength = 16 * 1024;

    /// <summary>Longest text in UTF-16 units; what is cut ends in an ellipsis.</summary>
    internal const int MaxTextLength = 1024;

    // Printable ASCII without the quote and the backslash.
    private static readonly SearchValues<char> PlainCharacters =
        SearchValues.Create(" !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    // ,"truncated":true} and the line feed
    private const int TailLength = 32;

    /// <summary>Writes a line with its line feed into a buffer of <see cref="MaxLength"/>; returns its length.</summary>
    internal static int Format(Span<byte> buffer, DateTimeOffset now, LogEvent logEvent, LogSeverity severity, ReadOnlySpan<LogField> fields)
    {
        var at = 0;
        Append(buffer, ref at, "{\"ts\":\""u8);
        AppendTimestamp(buffer, ref at, now);
        Append(buffer, ref at, "\",\"level\":\""u8);
        Append(buffer, ref at, Level(severity));
        Append(buffer, ref at, "\",\"event\":\""u8);
        AppendAscii(buffer, ref at, logEvent.Name);
        Append(buffer, ref at, "\""u8);
        var room = buffer[..^TailLength];
        var isTruncated = false;
        foreach (var field in fields)
        {
            if (!field.IsAbsent && !TryAppendField(room, ref at, field))
            {
                isTruncated = true;
            }
        }

        if (isTruncated)
        {
            Append(buffer, ref at, ",\"truncated\":true"u8);
        }

        Append(buffer, ref at, "}\n"u8);
        return at;
    }

    /// <summary>The level as lines say it.</summary>
    internal static ReadOnlySpan<byte> Level(LogSeverity severity) => severity switch
    {
        LogSeverity.Debug => "debug"u8,
        LogSeverity.Info => "info"u8,
        LogSeverity.Warn => "warn"u8,
        _ => "error"u8,
    };

    // All or nothing: the position moves only when the whole field fits.
    private static bool TryAppendField(Span<byte> room, ref int position, in LogField field)
    {
        var at = position;
        if (room.Length - at < field.Name.Length + 4)
        {
            return false;
        }

        Append(room, ref at, ",\""u8);
        AppendAscii(room, ref at, field.Name);
        Append(room, ref at, "\":"u8);
        if (!TryAppendValue(room, ref at, field))
        {
            return false;
        }

        position = at;
        return true;
    }

    private static bool TryAppendValue(Span<byte> room, ref int at, in LogField field)
    {
        switch (field.Kind)
        {
            case LogFieldKind.Text:
                return TryAppendText(room, ref at, field.Text);
            case LogFieldKind.Integer:
                return Advance(Utf8Formatter.TryFormat(field.Bits, room[at..], out var digits), ref at, digits);
            case LogFieldKind.Boolean:
                return TryAppend(room, ref at, field.Bits != 0 ? "true"u8 : "false"u8);
            case LogFieldKind.Duration:
                return TryAppendMilliseconds(room, ref at, field.Bits);
            default:
                var real = BitConverter.Int64BitsToDouble(field.Bits);
                return double.IsFinite(real)
                    ? Advance(Utf8Formatter.TryFormat(real, room[at..], out var written), ref at, written)
                    : TryAppend(room, ref at, "null"u8);
        }
    }

    private static bool TryAppendMilliseconds(Span<byte> room, ref int at, long ticks)
    {
        var microseconds = Math.Max(0, ticks) / TimeSpan.TicksPerMicrosecond;
        if (!Utf8Formatter.TryFormat(microseconds / 1000, room[at..], out var written) || room.Length - at - written < 4)
        {
            return false;
        }

        at += written;
        room[at++] = (byte)'.';
        var fraction = (int)(microseconds % 1000);
        room[at++] = (byte)('0' + (fraction / 100));
        room[at++] = (byte)('0' + (fraction / 10 % 10));
        room[at++] = (byte)('0' + (fraction % 10));
        return true;
    }

    private static bool TryAppendText(Span<byte> room, ref int at, ReadOnlySpan<char> text)
    {
        var isCut = text.Length > MaxTextLength;
        var rest = isCut ? text[..MaxTextLength] : text;
        if (!TryAppend(room, ref at, "\""u8))
        {
            return false;
        }

        while (!rest.IsEmpty)
        {
            // Most texts are plain: copy the longest plain run at once.
            var plain = rest.IndexOfAnyExcept(PlainCharacters);
            plain = plain < 0 ? rest.Length : plain;
            if (room.Length - at < plain + 16)
            {
                return false;
            }

            AppendAscii(room, ref at, rest[..plain]);
            rest = rest[plain..];
            if (!rest.IsEmpty)
            {
                AppendRune(room, ref at, ref rest);
            }
        }

        return TryAppend(room, ref at, isCut ? "…\""u8 : "\""u8);
    }

    // Needs room for six bytes.
    private static void AppendRune(Span<byte> room, ref int at, ref ReadOnlySpan<char> rest)
    {
        // A half surrogate decodes to U+FFFD.
        Rune.DecodeFromUtf16(rest, out var rune, out var consumed);
        rest = rest[consumed..];
        switch (rune.Value)
        {
            case '"':
                Append(room, ref at, "\\\""u8);
                break;
            case '\\':
                Append(room, ref at, "\\\\"u8);
                break;
            case < 0x20 or (>= 0x7f and <= 0x9f) or (>= 0x2028 and <= 0x202e) or (>= 0x2066 and <= 0x2069) or 0x200e or 0x200f or 0xfeff:
                Append(room, ref at, "\\u"u8);
                for (var shift = 12; shift >= 0; shift -= 4)
                {
                    room[at++] = "0123456789abcdef"u8[(rune.Value >> shift) & 0xf];
                }

                break;
            default:
                at += rune.EncodeToUtf8(room[at..]);
                break;
        }
    }

    private static void AppendTimestamp(Span<byte> buffer, ref int at, DateTimeOffset now)
    {
        // Round-trip format, of whose seven decimals three are kept.
        Utf8Formatter.TryFormat(now.UtcDateTime, buffer[at..], out _, 'O');
        at += "yyyy-MM-ddTHH:mm:ss.fff".Length;
        buffer[at++] = (byte)'Z';
    }

    // Less work than an encoding, which must expect anything.
    private static void AppendAscii(Span<byte> buffer, ref int at, ReadOnlySpan<char> text)
    {
        Ascii.FromUtf16(text, buffer[at..], out var written);
        at += written;
    }

    private static void Append(Span<byte> buffer, ref int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(buffer[at..]);
        at += bytes.Length;
    }

    private static bool TryAppend(Span<byte> room, ref int at, ReadOnlySpan<byte> bytes) => Advance(bytes.TryCopyTo(room[at..]), ref at, bytes.Length);

    private static bool Advance(bool isWritten, ref int at, int length)
    {
        at += isWritten ? length : 0;
        return isWritten;
    }
}
