using System.Buffers;
using System.Buffers.Binary;
using System.Text;

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

    /// <summary>Decides, or asks for more bytes.</summary>
    /// <param name="bytes">What arrived so far.</param>
    /// <param name="carriesProxyRequests">
    /// A request for a forward proxy (CONNECT, or a target in absolute form) is not ours to read: carried as TCP.
    /// </param>
    public static CarriedProtocol Detect(ReadOnlySpan<byte> bytes, bool carriesProxyRequests)
    {
        if (bytes.IsEmpty)
        {
            return CarriedProtocol.Undecided;
        }

        return ClientHello.IsTlsRecord(bytes[0]) ? DetectTls(bytes) : DetectHttp(bytes, carriesProxyRequests);
    }

    /// <summary>
    /// Is this how an HTTP/2 server begins: a SETTINGS frame of the connection (RFC 9113 §6.5)? Such a server speaks first, and
    /// yet the connection is HTTP.
    /// </summary>
    public static bool AreHttp2Settings(ReadOnlySpan<byte> fromServer)
    {
        // Length (a multiple of 6), type 4, flags 0, stream 0.
        ReadOnlySpan<byte> rest = [4, 0, 0, 0, 0, 0];
        return fromServer.Length >= 9
            && fromServer[0] == 0 && BinaryPrimitives.ReadUInt16BigEndian(fromServer[1..]) % 6 == 0
            && fromServer.Slice(3, 6).SequenceEqual(rest);
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

        var line = bytes[(method + 1)..];
        var end = line.IndexOf((byte)'\n');
        if (end < 0)
        {
            return IsTargetSoFar(line) ? (bytes.Length >= Most ? CarriedProtocol.Http1 : CarriedProtocol.Undecided) : CarriedProtocol.Tcp;
        }

        line = line[..end].TrimEnd((byte)'\r');
        var space = line.LastIndexOf((byte)' ');
        var isHttp1 = space > 0 && line.Length - space - 1 == Version.Length + 1
            && line[(space + 1)..].StartsWith(Version) && line[^1] is (byte)'0' or (byte)'1';
        if (!isHttp1)
        {
            return CarriedProtocol.Tcp;
        }

        // The asterisk form is for the server itself, which the HTTP stack above cannot pass on.
        return line[..space].SequenceEqual("*"u8) || (carriesProxyRequests && IsForProxy(bytes[..method], line[..space]))
            ? CarriedProtocol.Tcp
            : CarriedProtocol.Http1;
    }

    // A target, and at most one space with the beginning of a version behind it.
    private static bool IsTargetSoFar(ReadOnlySpan<byte> line)
    {
        var control = line.IndexOfAnyInRange((byte)0, (byte)0x1f);
        if (control >= 0 && !(control == line.Length - 1 && line[control] == '\r'))
        {
            return false;
        }

        var space = line.IndexOf((byte)' ');
        if (space < 0)
        {
            return true;
        }

        var version = line[(space + 1)..].TrimEnd((byte)'\r');
        var known = Math.Min(version.Length, Version.Length);
        return space > 0 && version.Length <= Version.Length + 1 && version[..known].SequenceEqual(Version[..known]);
    }

    private static bool IsForProxy(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target) =>
        method.SequenceEqual("CONNECT"u8) || Ascii.EqualsIgnoreCase(target[..Math.Min(7, target.Length)], "http://"u8)
        || Ascii.EqualsIgnoreCase(target[..Math.Min(8, target.Length)], "https://"u8);
}
