using System.Buffers;
using System.Buffers.Binary;

namespace Sidecar.Proxy.Interception;

/// <summary>What an intercepted connection carries.</summary>
public enum CarriedProtocol
{
    /// <summary>Too few bytes to tell.</summary>
    Undecided,

    /// <summary>HTTP/1.0 or HTTP/1.1.</summary>
    Http1,

    /// <summary>HTTP/2 with prior knowledge (RFC 9113 §3.4).</summary>
    Http2,

    /// <summary>TLS: carried unread, server name and protocols seen.</summary>
    Tls,

    /// <summary>Anything else: carried as TCP.</summary>
    Tcp,
}

/// <summary>
/// Tells by the first bytes what an intercepted connection carries. Strict: only what is HTTP beyond doubt is given to the
/// HTTP server, since whatever it would refuse must be carried instead. Pure.
/// </summary>
public static class FirstBytes
{
    /// <summary>Bytes that are always enough: a request line as long as the server reads, or a whole TLS record.</summary>
    public const int Most = 16 * 1024 + 5;

    // Longer than any registered method (UPDATEREDIRECTREF, 17).
    private const int LongestMethod = 32;

    private static readonly SearchValues<byte> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static ReadOnlySpan<byte> Http2Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    private static ReadOnlySpan<byte> Version => "HTTP/1."u8;

    /// <summary>Decides, or asks for more bytes. More bytes never change a decision; after <see cref="Most"/> there is one.</summary>
    /// <param name="bytes">What arrived so far.</param>
    /// <param name="carriesProxyRequests">
    /// A request for a forward proxy (CONNECT, or a target that is neither a path nor <c>*</c>) is not ours to read: carried
    /// as TCP.
    /// </param>
    public static CarriedProtocol Detect(ReadOnlySpan<byte> bytes, bool carriesProxyRequests)
    {
        if (bytes.IsEmpty)
        {
            return CarriedProtocol.Undecided;
        }

        bytes = bytes[..Math.Min(bytes.Length, Most)];
        var protocol = ClientHello.IsTlsRecord(bytes[0]) ? DetectTls(bytes) : DetectHttp(bytes, carriesProxyRequests);

        // Only a request line can be that long and still be one; the server above has the answer to it (414).
        return protocol == CarriedProtocol.Undecided && bytes.Length == Most ? CarriedProtocol.Http1 : protocol;
    }

    /// <summary>Bytes that are always enough for <see cref="DetectHttp2Settings"/>: the header of a frame.</summary>
    public const int Http2FrameHeader = 9;

    /// <summary>
    /// Is this how an HTTP/2 server begins: a SETTINGS frame of the connection (RFC 9113 §6.5)? Such a server speaks first, and
    /// yet the connection is HTTP. Null: too few bytes to tell.
    /// </summary>
    public static bool? DetectHttp2Settings(ReadOnlySpan<byte> fromServer)
    {
        // Length (a multiple of 6, and never as large as to need its first byte), type 4, flags 0, stream 0.
        ReadOnlySpan<byte> rest = [4, 0, 0, 0, 0, 0];
        var known = Math.Min(fromServer.Length, Http2FrameHeader);
        if ((known > 0 && fromServer[0] != 0)
            || (known > 2 && BinaryPrimitives.ReadUInt16BigEndian(fromServer[1..]) % 6 != 0)
            || (known > 3 && !fromServer[3..known].SequenceEqual(rest[..(known - 3)])))
        {
            return false;
        }

        return known == Http2FrameHeader ? true : null;
    }

    private static CarriedProtocol DetectTls(ReadOnlySpan<byte> bytes) => ClientHello.Read(bytes, out _) switch
    {
        ClientHelloState.Incomplete => CarriedProtocol.Undecided,
        ClientHelloState.Complete => CarriedProtocol.Tls,
        _ => CarriedProtocol.Tcp,
    };

    private static CarriedProtocol DetectHttp(ReadOnlySpan<byte> bytes, bool carriesProxyRequests)
    {
        var preface = Math.Min(bytes.Length, Http2Preface.Length);
        if (bytes[..preface].SequenceEqual(Http2Preface[..preface]))
        {
            return preface == Http2Preface.Length ? CarriedProtocol.Http2 : CarriedProtocol.Undecided;
        }

        // RFC 9112 §3: method SP request-target SP HTTP-version.
        var method = bytes.IndexOfAnyExcept(Token);
        if (method < 0)
        {
            return bytes.Length > LongestMethod ? CarriedProtocol.Tcp : CarriedProtocol.Undecided;
        }

        if (method is 0 or > LongestMethod || bytes[method] != ' ')
        {
            return CarriedProtocol.Tcp;
        }

        var rest = bytes[(method + 1)..];
        if (carriesProxyRequests && IsForProxy(bytes[..method], rest))
        {
            return CarriedProtocol.Tcp;
        }

        var target = rest.IndexOfAnyInRange((byte)0, (byte)' ');
        if (target < 0)
        {
            return CarriedProtocol.Undecided;
        }

        if (target == 0 || rest[target] != ' ')
        {
            return CarriedProtocol.Tcp;
        }

        // The asterisk form is for the server itself, and the HTTP stack above cannot pass it on.
        var protocol = DetectVersion(rest[(target + 1)..]);
        return protocol == CarriedProtocol.Http1 && rest[..target].SequenceEqual("*"u8) ? CarriedProtocol.Tcp : protocol;
    }

    // HTTP/1.0 or HTTP/1.1 and the end of the line; the server reads a bare line feed as one.
    private static CarriedProtocol DetectVersion(ReadOnlySpan<byte> version)
    {
        var known = Math.Min(version.Length, Version.Length);
        if (!version[..known].SequenceEqual(Version[..known]))
        {
            return CarriedProtocol.Tcp;
        }

        return version[known..] switch
        {
            [] or [(byte)'0' or (byte)'1'] or [(byte)'0' or (byte)'1', (byte)'\r'] => CarriedProtocol.Undecided,
            [(byte)'0' or (byte)'1', (byte)'\n', ..] or [(byte)'0' or (byte)'1', (byte)'\r', (byte)'\n', ..] => CarriedProtocol.Http1,
            _ => CarriedProtocol.Tcp,
        };
    }

    private static bool IsForProxy(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target) =>
        method.SequenceEqual("CONNECT"u8) || (!target.IsEmpty && target[0] is not ((byte)'/' or (byte)'*'));
}
