using System.Buffers.Binary;

namespace Sidecar.TestKit.Network;

/// <summary>Frame types of RFC 9113 §6.</summary>
public enum Http2FrameType : byte
{
    /// <summary>Body bytes.</summary>
    Data = 0,

    /// <summary>Headers or trailers.</summary>
    Headers = 1,

    /// <summary>Deprecated.</summary>
    Priority = 2,

    /// <summary>Ends one stream.</summary>
    RstStream = 3,

    /// <summary>Parameters.</summary>
    Settings = 4,

    /// <summary>Never sent here.</summary>
    PushPromise = 5,

    /// <summary>Liveness.</summary>
    Ping = 6,

    /// <summary>Ends the connection.</summary>
    GoAway = 7,

    /// <summary>Flow control.</summary>
    WindowUpdate = 8,

    /// <summary>More of a header block.</summary>
    Continuation = 9,
}

/// <summary>Error codes of RFC 9113 §7 that the tests name.</summary>
public enum Http2Error : uint
{
    /// <summary>Graceful.</summary>
    NoError = 0,

    /// <summary>Protocol violated.</summary>
    ProtocolError = 1,

    /// <summary>Not processed at all.</summary>
    RefusedStream = 7,

    /// <summary>Given up.</summary>
    Cancel = 8,
}

/// <summary>One frame.</summary>
public sealed record Http2Frame(Http2FrameType Type, byte Flags, int StreamId, byte[] Payload)
{
    /// <summary>END_STREAM of DATA and HEADERS, ACK of SETTINGS and PING.</summary>
    public bool HasFlag1 => (Flags & 1) != 0;

    /// <summary>Error code of RST_STREAM, or of GOAWAY.</summary>
    public Http2Error Error => (Http2Error)BinaryPrimitives.ReadUInt32BigEndian(Payload.AsSpan(Type == Http2FrameType.GoAway ? 4 : 0));
}

/// <summary>HTTP/2 on a byte stream, one frame at a time, with nothing checked.</summary>
public sealed class Http2FrameStream(Stream stream, WireReader reader)
{
    /// <summary>What a client sends first (RFC 9113 §3.4).</summary>
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Reads header blocks of the peer.</summary>
    public Hpack Decoder { get; } = new();

    /// <summary>Sends a frame.</summary>
    public async Task WriteAsync(Http2FrameType type, byte flags, int streamId, ReadOnlyMemory<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)payload.Length);
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.Span.CopyTo(frame.AsSpan(9));
        await Patience.Await(stream.WriteAsync(frame).AsTask(), "the peer takes a frame");
    }

    /// <summary>Sends a header block in one HEADERS frame (END_HEADERS).</summary>
    public Task WriteHeadersAsync(int streamId, bool endStream, params (string Name, string Value)[] headers) =>
        WriteAsync(Http2FrameType.Headers, (byte)(endStream ? 5 : 4), streamId, Hpack.Write(headers));

    /// <summary>Sends body bytes.</summary>
    public Task WriteDataAsync(int streamId, bool endStream, byte[] data) => WriteAsync(Http2FrameType.Data, (byte)(endStream ? 1 : 0), streamId, data);

    /// <summary>Ends one stream.</summary>
    public Task WriteResetAsync(int streamId, Http2Error error)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)error);
        return WriteAsync(Http2FrameType.RstStream, 0, streamId, payload);
    }

    /// <summary>Announces the end of the connection.</summary>
    public Task WriteGoAwayAsync(int lastStreamId, Http2Error error)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, lastStreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4), (uint)error);
        return WriteAsync(Http2FrameType.GoAway, 0, 0, payload);
    }

    /// <summary>The next frame, SETTINGS and PING answered and skipped; null at the end of the connection.</summary>
    public async Task<Http2Frame?> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (reader.Buffered == 0 && !await reader.FillAsync(cancellationToken))
            {
                return null;
            }

            var head = await reader.ReadExactlyAsync(9, cancellationToken);
            var length = (head[0] << 16) | (head[1] << 8) | head[2];
            var frame = new Http2Frame((Http2FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, await reader.ReadExactlyAsync(length, cancellationToken));
            switch (frame)
            {
                case { Type: Http2FrameType.Settings or Http2FrameType.Ping, HasFlag1: true }:
                    continue;
                case { Type: Http2FrameType.Settings }:
                    await WriteAsync(Http2FrameType.Settings, 1, 0, ReadOnlyMemory<byte>.Empty);
                    continue;
                case { Type: Http2FrameType.Ping }:
                    await WriteAsync(Http2FrameType.Ping, 1, 0, frame.Payload);
                    continue;
                case { Type: Http2FrameType.WindowUpdate or Http2FrameType.Priority }:
                    continue;
                default:
                    return frame;
            }
        }
    }
}

/// <summary>What became of one stream.</summary>
/// <param name="Status">HTTP status; 0 when no headers came.</param>
/// <param name="Headers">Response headers.</param>
/// <param name="Trailers">Response trailers.</param>
/// <param name="Body">Body bytes.</param>
/// <param name="Reset">RST_STREAM's code, when it was reset.</param>
/// <param name="IsConnectionLost">GOAWAY with an error, or the end of the connection.</param>
public sealed record Http2Result(
    int Status,
    IReadOnlyList<(string Name, string Value)> Headers,
    IReadOnlyList<(string Name, string Value)> Trailers,
    byte[] Body,
    Http2Error? Reset,
    bool IsConnectionLost)
{
    /// <summary>Refused in any of the ways HTTP/2 has: an error status, a reset stream, an ended connection.</summary>
    public bool IsRefused => Status >= 400 || Reset is not null || IsConnectionLost;

    /// <summary>The first value of a header; null when absent.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name == name).Value;
}

/// <summary>An h2c client (prior knowledge) that can say anything.</summary>
public sealed class RawHttp2Client : IDisposable
{
    private readonly RawClient _client;
    private int _nextStreamId = 1;

    private RawHttp2Client(RawClient client)
    {
        _client = client;
        Frames = new Http2FrameStream(client.Stream, client.Reader);
    }

    /// <summary>The frames below.</summary>
    public Http2FrameStream Frames { get; }

    /// <summary>Connects, sends the preface and empty SETTINGS.</summary>
    public static async Task<RawHttp2Client> ConnectAsync(System.Net.IPEndPoint endPoint)
    {
        var client = new RawHttp2Client(RawClient.Connect(endPoint));
        await client._client.SendAsync(Http2FrameStream.Preface.ToArray());
        await client.Frames.WriteAsync(Http2FrameType.Settings, 0, 0, ReadOnlyMemory<byte>.Empty);
        return client;
    }

    /// <summary>A stream id that was not used.</summary>
    public int NextStreamId()
    {
        var id = _nextStreamId;
        _nextStreamId += 2;
        return id;
    }

    /// <summary>One bodyless request; gives what became of its stream.</summary>
    public async Task<Http2Result> ExchangeAsync(params (string Name, string Value)[] headers)
    {
        var streamId = NextStreamId();
        await Frames.WriteHeadersAsync(streamId, endStream: true, headers);
        return await ReadResultAsync(streamId);
    }

    /// <summary>Reads until a stream ended.</summary>
    public async Task<Http2Result> ReadResultAsync(int streamId)
    {
        var result = new Http2Result(0, [], [], [], null, false);
        using var body = new MemoryStream();
        try
        {
            while (await Patience.Await(Frames.ReadAsync(), $"a frame of stream {streamId}") is { } frame)
            {
                switch (frame.Type)
                {
                    case Http2FrameType.GoAway when frame.Error != Http2Error.NoError:
                        return result with { IsConnectionLost = true };
                    case Http2FrameType.Headers:
                        var headers = Frames.Decoder.Read(frame.Payload);
                        if (frame.StreamId == streamId)
                        {
                            result = result.Status == 0
                                ? result with { Status = int.Parse(headers[0].Value, System.Globalization.CultureInfo.InvariantCulture), Headers = headers }
                                : result with { Trailers = headers };
                        }

                        break;
                    case Http2FrameType.Data when frame.StreamId == streamId:
                        body.Write(frame.Payload);
                        break;
                    case Http2FrameType.RstStream when frame.StreamId == streamId:
                        return result with { Reset = frame.Error, Body = body.ToArray() };
                }

                if (frame.StreamId == streamId && frame.HasFlag1 && frame.Type is Http2FrameType.Headers or Http2FrameType.Data)
                {
                    return result with { Body = body.ToArray() };
                }
            }
        }
        catch (IOException)
        {
            // Reset: the connection is lost.
        }

        return result with { IsConnectionLost = true };
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}

/// <summary>One request stream as a scripted h2c upstream saw it.</summary>
public sealed record Http2UpstreamCall(Http2FrameStream Frames, int Connection, int StreamId, IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>The first value of a header; null when absent.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name == name).Value;
}

/// <summary>
/// An h2c server by hand on a <see cref="ScriptedUpstream"/>'s connections: for REFUSED_STREAM, GOAWAY and other
/// things that no server library does on request. The script runs when a request's headers arrived.
/// </summary>
public static class RawHttp2Upstream
{
    /// <summary>Starts; calls are added to <paramref name="calls"/> under its lock.</summary>
    public static ScriptedUpstream Running(List<Http2UpstreamCall> calls, Func<Http2UpstreamCall, UpstreamConnection, Task> script) => ScriptedUpstream.Running(async connection =>
    {
        await connection.Reader.ReadExactlyAsync(Http2FrameStream.Preface.Length, connection.Stopping);
        using var stream = new System.Net.Sockets.NetworkStream(connection.Socket, ownsSocket: false);
        var frames = new Http2FrameStream(stream, connection.Reader);
        await frames.WriteAsync(Http2FrameType.Settings, 0, 0, ReadOnlyMemory<byte>.Empty);
        while (!connection.IsEnded && await frames.ReadAsync(connection.Stopping) is { } frame)
        {
            if (frame.Type == Http2FrameType.Headers)
            {
                var call = new Http2UpstreamCall(frames, connection.Number, frame.StreamId, frames.Decoder.Read(HeaderBlock(frame)));
                lock (calls)
                {
                    calls.Add(call);
                }

                await script(call, connection);
            }
        }
    });

    // PADDED (8) and PRIORITY (32) put bytes around the block.
    private static byte[] HeaderBlock(Http2Frame frame)
    {
        var start = ((frame.Flags & 8) != 0 ? 1 : 0) + ((frame.Flags & 32) != 0 ? 5 : 0);
        var padding = (frame.Flags & 8) != 0 ? frame.Payload[0] : 0;
        return frame.Payload[start..^padding];
    }
}
