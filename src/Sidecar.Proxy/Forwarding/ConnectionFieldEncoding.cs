using System.Text;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// How the field <c>Connection</c> of a request is read. The server below parses it for <c>close</c>, <c>keep-alive</c> and
/// <c>upgrade</c>, and when it has found exactly one of them in all lines together it replaces the lines by that word: what else
/// they nominate would be lost, and would pass (RFC 9110 §7.6.1). So a line that nominates something we have to remove is read
/// with both words behind it, which the server keeps as it is and takes for <c>close</c>. The price is that the connection ends
/// with the answer, for callers that nominate a field nobody knows.
/// </summary>
public sealed class ConnectionFieldEncoding : Encoding
{
    private const string BothWords = ", close, keep-alive";

    /// <summary>The only one.</summary>
    public static ConnectionFieldEncoding Instance { get; } = new();

    /// <summary>What one line is read as. Pure.</summary>
    public static string Read(string line)
    {
        foreach (var range in line.AsSpan().Split(','))
        {
            var option = line[range].Trim();
            if (option.Length > 0
                && !option.Equals("close", StringComparison.OrdinalIgnoreCase)
                && !HopByHopHeaders.Contains(option)
                && HopByHopHeaders.IsNominated(option, option))
            {
                return line + BothWords;
            }
        }

        return line;
    }

    /// <inheritdoc/>
    public override int GetCharCount(byte[] bytes, int index, int count) => Read(Latin1.GetString(bytes, index, count)).Length;

    /// <inheritdoc/>
    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var text = Read(Latin1.GetString(bytes, byteIndex, byteCount));
        text.CopyTo(chars.AsSpan(charIndex));
        return text.Length;
    }

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => byteCount + BothWords.Length;

    /// <inheritdoc/>
    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    /// <inheritdoc/>
    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    /// <inheritdoc/>
    public override int GetMaxByteCount(int charCount) => Latin1.GetMaxByteCount(charCount);
}
