using System.Text;

namespace Sidecar.LoadGen.Wire;

/// <summary>The bytes of a request, made once and sent many times.</summary>
public sealed class RequestImage
{
    private RequestImage(byte[] bytes, bool isHead, int expectedStatus) => (Bytes, IsHead, ExpectedStatus) = (bytes, isHead, expectedStatus);

    /// <summary>As they go on the wire.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Has its answer no body whatever its headers say?</summary>
    public bool IsHead { get; }

    /// <summary>Another status is a failure.</summary>
    public int ExpectedStatus { get; }

    /// <summary>An HTTP/1.1 request.</summary>
    public static RequestImage Http(
        string method, string authority, string target, int bodyBytes = 0, IEnumerable<KeyValuePair<string, string>>? headers = null, int expectedStatus = 200)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: {authority}\r\n");
        foreach (var (name, value) in headers ?? [])
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (bodyBytes > 0 || method is "POST" or "PUT" or "PATCH")
        {
            head.Append("Content-Length: ").Append(bodyBytes).Append("\r\n");
        }

        var text = Encoding.ASCII.GetBytes(head.Append("\r\n").ToString());
        var bytes = new byte[text.Length + bodyBytes];
        text.CopyTo(bytes, 0);
        Fill(bytes.AsSpan(text.Length));
        return new RequestImage(bytes, method == "HEAD", expectedStatus);
    }

    /// <summary>The request that turns a connection into a WebSocket.</summary>
    public static RequestImage WebSocketHandshake(string authority, string target) => Http(
        "GET", authority, target, expectedStatus: 101, headers:
        [
            new("Connection", "Upgrade"), new("Upgrade", "websocket"), new("Sec-WebSocket-Version", "13"),
            new("Sec-WebSocket-Key", "c2lkZWNhci1sb2FkZ2VuIQ=="),
        ]);

    /// <summary>A masked binary message of one frame.</summary>
    public static RequestImage WebSocketMessage(int bytes)
    {
        var header = bytes switch { < 126 => 2, < 65536 => 4, _ => 10 };
        var frame = new byte[header + 4 + bytes];
        frame[0] = 0x82;
        switch (header)
        {
            case 2:
                frame[1] = (byte)(0x80 | bytes);
                break;
            case 4:
                frame[1] = 0x80 | 126;
                System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)bytes);
                break;
            default:
                frame[1] = 0x80 | 127;
                System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(2), (ulong)bytes);
                break;
        }

        // The mask stays the same: the generator measures, it does not defend a cache against a script.
        ReadOnlySpan<byte> mask = [0x37, 0xfa, 0x21, 0x3d];
        mask.CopyTo(frame.AsSpan(header));
        var payload = frame.AsSpan(header + 4);
        Fill(payload);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= mask[i & 3];
        }

        return new RequestImage(frame, isHead: false, expectedStatus: 101);
    }

    private static void Fill(Span<byte> body)
    {
        for (var i = 0; i < body.Length; i++)
        {
            body[i] = (byte)('a' + (i % 26));
        }
    }
}
