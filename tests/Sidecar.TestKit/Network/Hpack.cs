using System.Text;

namespace Sidecar.TestKit.Network;

/// <summary>
/// As much HPACK (RFC 7541) as tests need: writes literals without indexing, so that any bytes can stand in a name or
/// value, and reads everything except Huffman coding, which Kestrel and SocketsHttpHandler do not write.
/// </summary>
public sealed class Hpack
{
    // RFC 7541 appendix A.
    private static readonly (string Name, string Value)[] StaticTable =
    [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"),
        (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
        (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""),
        ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
        ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""),
        ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
        ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
        ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
        ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ];

    private readonly List<(string Name, string Value)> _dynamicTable = [];

    /// <summary>A header block of literals, names and values as given (Latin-1).</summary>
    public static byte[] Write(IEnumerable<(string Name, string Value)> headers)
    {
        using var block = new MemoryStream();
        foreach (var (name, value) in headers)
        {
            block.WriteByte(0);
            WriteString(block, name);
            WriteString(block, value);
        }

        return block.ToArray();
    }

    /// <summary>The headers of a block.</summary>
    public IReadOnlyList<(string Name, string Value)> Read(byte[] block)
    {
        var headers = new List<(string, string)>();
        var position = 0;
        while (position < block.Length)
        {
            var first = block[position];
            if ((first & 0x80) != 0)
            {
                headers.Add(Entry(ReadInteger(block, ref position, 7)));
            }
            else if ((first & 0x60) == 0x20)
            {
                ReadInteger(block, ref position, 5);
            }
            else
            {
                var isIndexed = (first & 0x40) != 0;
                var nameIndex = ReadInteger(block, ref position, isIndexed ? 6 : 4);
                var name = nameIndex == 0 ? ReadString(block, ref position) : Entry(nameIndex).Name;
                var header = (name, ReadString(block, ref position));
                headers.Add(header);
                if (isIndexed)
                {
                    _dynamicTable.Insert(0, header);
                }
            }
        }

        return headers;
    }

    private static void WriteString(MemoryStream block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var length = bytes.Length;
        if (length < 127)
        {
            block.WriteByte((byte)length);
        }
        else
        {
            block.WriteByte(127);
            for (length -= 127; length >= 128; length >>= 7)
            {
                block.WriteByte((byte)((length & 127) | 128));
            }

            block.WriteByte((byte)length);
        }

        block.Write(bytes);
    }

    private static int ReadInteger(byte[] block, ref int position, int prefixBits)
    {
        var mask = (1 << prefixBits) - 1;
        var value = block[position++] & mask;
        if (value < mask)
        {
            return value;
        }

        for (var shift = 0; ; shift += 7)
        {
            var next = block[position++];
            value += (next & 127) << shift;
            if ((next & 128) == 0)
            {
                return value;
            }
        }
    }

    private static string ReadString(byte[] block, ref int position)
    {
        if ((block[position] & 0x80) != 0)
        {
            throw new NotSupportedException("Huffman coding is not read here.");
        }

        var length = ReadInteger(block, ref position, 7);
        var text = Encoding.Latin1.GetString(block, position, length);
        position += length;
        return text;
    }

    private (string Name, string Value) Entry(int index) =>
        index <= StaticTable.Length ? StaticTable[index - 1] : _dynamicTable[index - StaticTable.Length - 1];
}
