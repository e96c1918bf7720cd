using System.Buffers.Binary;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>The server's side of HTTP/2 in frames, on a raw connection: for what no well-behaved server does.</summary>
internal sealed class RawHttp2(RawConnection connection)
{
    public const byte Headers = 1, RstStream = 3, Settings = 4, Ping = 6, GoAway = 7;

    /// <summary>Preface and settings, both ways.</summary>
    public static async Task<RawHttp2> StartAsync(RawConnection connection)
    {
        await connection.ReadExactlyAsync(24);
        var http2 = new RawHttp2(connection);
        await http2.WriteAsync(Settings, 0, 0, []);
        return http2;
    }

    /// <summary>Reads frames up to a HEADERS frame, acknowledging settings on the way; gives its stream.</summary>
    public async Task<int> ReadRequestAsync()
    {
        while (true)
        {
            var head = await connection.ReadExactlyAsync(9);
            await connection.ReadExactlyAsync((head[0] << 16) | (head[1] << 8) | head[2]);
            if (head[3] == Settings && (head[4] & 1) == 0)
            {
                await WriteAsync(Settings, 1, 0, []);
            }
            else if (head[3] == Headers)
            {
                return BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5));
            }
        }
    }

    /// <summary>An empty 200: <c>:status 200</c> is entry 8 of HPACK's static table.</summary>
    public Task RespondAsync(int stream) => WriteAsync(Headers, 0x5, stream, [0x88]);

    public Task ResetAsync(int stream, uint code) => WriteAsync(RstStream, 0, stream, Bytes(code));

    public Task GoAwayAsync(int lastStream, uint code) => WriteAsync(GoAway, 0, 0, [.. Bytes((uint)lastStream), .. Bytes(code)]);

    public Task WriteAsync(byte type, byte flags, int stream, byte[] payload) =>
        connection.WriteAsync([.. Bytes((uint)payload.Length)[1..], type, flags, .. Bytes((uint)stream), .. payload]);

    private static byte[] Bytes(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
