using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Sidecar.Proxy.Interception;

/// <summary>How much of a ClientHello is there.</summary>
public enum ClientHelloState
{
    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>Read.</summary>
    Complete,

    /// <summary>It begins like TLS and is not.</summary>
    Invalid,
}

/// <summary>
/// What a TLS client says in the clear (RFC 8446 §4.1.2): the server it wants (SNI, RFC 6066 §3) and the protocols it
/// offers (ALPN, RFC 7301). Hostile bytes: every length is checked, a name that is no host name is no name. Pure.
/// </summary>
/// <param name="ServerName">Lower-case host name; null when none was said, or it was encrypted or malformed.</param>
/// <param name="Protocols">ALPN names in the order of preference; ASCII ones only.</param>
public sealed record ClientHello(string? ServerName, ImmutableArray<string> Protocols)
{
    private const byte Handshake = 22, ClientHelloType = 1;
    private const int ServerNameExtension = 0, AlpnExtension = 16;
    private const int RecordHeader = 5, MostRecordBytes = 16 * 1024, LongestName = 253, MostProtocols = 16;

    private static readonly ClientHello Nothing = new(null, []);

    /// <summary>The first byte of a TLS record that can begin a connection.</summary>
    public static bool IsTlsRecord(byte first) => first == Handshake;

    /// <summary>Reads the first record. A ClientHello that is spread over several records is complete without names.</summary>
    public static ClientHelloState Read(ReadOnlySpan<byte> bytes, out ClientHello hello)
    {
        hello = Nothing;
        if ((bytes.Length > 0 && bytes[0] != Handshake) || (bytes.Length > 1 && bytes[1] != 3) || (bytes.Length > 2 && bytes[2] > 4))
        {
            return ClientHelloState.Invalid;
        }

        if (bytes.Length < RecordHeader)
        {
            return ClientHelloState.Incomplete;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
        if (length is < 4 or > MostRecordBytes || (bytes.Length > RecordHeader && bytes[RecordHeader] != ClientHelloType))
        {
            return ClientHelloState.Invalid;
        }

        if (bytes.Length < RecordHeader + length)
        {
            return ClientHelloState.Incomplete;
        }

        hello = Parse(bytes.Slice(RecordHeader + 4, length - 4));
        return ClientHelloState.Complete;
    }

    private static ClientHello Parse(ReadOnlySpan<byte> body)
    {
        // legacy_version, random, then three vectors that say nothing to us: session id, cipher suites, compression.
        var reader = new Vectors(body);
        if (!reader.Skip(2 + 32) || !reader.Read(1, out _) || !reader.Read(2, out _) || !reader.Read(1, out _) || !reader.Read(2, out var extensions))
        {
            return Nothing;
        }

        string? name = null;
        ImmutableArray<string> protocols = [];
        var each = new Vectors(extensions);
        while (each.ReadNumber(out var type) && each.Read(2, out var content))
        {
            switch (type)
            {
                case ServerNameExtension:
                    name = ReadServerName(content);
                    break;
                case AlpnExtension:
                    protocols = ReadProtocols(content);
                    break;
            }
        }

        return new ClientHello(name, protocols);
    }

    private static string? ReadServerName(ReadOnlySpan<byte> content)
    {
        var reader = new Vectors(content);
        if (!reader.Read(2, out var list))
        {
            return null;
        }

        // Only host_name (0) was ever defined, and only one of it is allowed.
        var entry = new Vectors(list);
        return entry.Skip(1) && list[0] == 0 && entry.Read(2, out var name) && IsHostName(name)
            ? Encoding.ASCII.GetString(name).ToLowerInvariant()
            : null;
    }

    private static ImmutableArray<string> ReadProtocols(ReadOnlySpan<byte> content)
    {
        var reader = new Vectors(content);
        if (!reader.Read(2, out var list))
        {
            return [];
        }

        var names = ImmutableArray.CreateBuilder<string>();
        var each = new Vectors(list);
        while (names.Count < MostProtocols && each.Read(1, out var name))
        {
            if (name.Length > 0 && name.IndexOfAnyExceptInRange((byte)0x21, (byte)0x7e) < 0)
            {
                names.Add(Encoding.ASCII.GetString(name));
            }
        }

        return names.ToImmutable();
    }

    private static bool IsHostName(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > LongestName)
        {
            return false;
        }

        foreach (var letter in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'-' or (byte)'.' or (byte)'_'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>TLS' length-prefixed vectors, one after the other.</summary>
    private ref struct Vectors(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public bool Skip(int count)
        {
            if (_rest.Length < count)
            {
                return false;
            }

            _rest = _rest[count..];
            return true;
        }

        public bool ReadNumber(out int number)
        {
            number = 0;
            if (_rest.Length < 2)
            {
                return false;
            }

            number = BinaryPrimitives.ReadUInt16BigEndian(_rest);
            _rest = _rest[2..];
            return true;
        }

        public bool Read(int prefix, out ReadOnlySpan<byte> content)
        {
            content = default;
            if (_rest.Length < prefix)
            {
                return false;
            }

            var length = prefix == 1 ? _rest[0] : BinaryPrimitives.ReadUInt16BigEndian(_rest);
            if (_rest.Length < prefix + length)
            {
                return false;
            }

            content = _rest.Slice(prefix, length);
            _rest = _rest[(prefix + length)..];
            return true;
        }
    }
}
