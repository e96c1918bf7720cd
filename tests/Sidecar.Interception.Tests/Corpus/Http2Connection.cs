using System.Buffers.Binary;
using System.Threading.Channels;

namespace Sidecar.Interception.Tests.Corpus;

/// <summary>Something that arrived on one stream.</summary>
/// <param name="Headers">A header block; null for anything else.</param>
/// <param name="Data">Body bytes.</param>
/// <param name="IsEnd">END_STREAM, or no more because of <paramref name="Reset"/>.</param>
/// <param name="Reset">Name of RST_STREAM's code, or <c>lost</c> with the connection.</param>
internal sealed record Http2Event(IReadOnlyList<(string Name, string Value)>? Headers, byte[] Data, bool IsEnd, string Reset = "");

/// <summary>One stream of an <see cref="Http2Connection"/>.</summary>
internal sealed class Http2Stream(Http2Connection connection, int id)
{
    private readonly Channel<Http2Event> _events = Channel.CreateUnbounded<Http2Event>();

    /// <summary>Has a header block come already? The next one is the trailers.</summary>
    public SeenMessage? Seen { get; set; }

    /// <summary>What arrived, in order.</summary>
    public ChannelReader<Http2Event> Events => _events.Reader;

    /// <summary>Sends headers or trailers.</summary>
    public Task SendHeadersAsync(bool isEnd, (string Name, string Value)[] headers) =>
        connection.SendAsync(Http2FrameType.Headers, (byte)(isEnd ? 5 : 4), id, Hpack.Write(headers));

    /// <summary>Sends body bytes, in frames no larger than every peer takes.</summary>
    public async Task SendDataAsync(bool isEnd, byte[] data)
    {
        const int FrameBytes = 16 * 1024;
        for (var sent = 0; sent == 0 || sent < data.Length; sent += FrameBytes)
        {
            var count = Math.Min(FrameBytes, data.Length - sent);
            var isLast = sent + count == data.Length;
            await connection.SendAsync(Http2FrameType.Data, (byte)(isEnd && isLast ? 1 : 0), id, data.AsMemory(sent, count));
        }
    }

    /// <summary>Ends the stream with a code.</summary>
    public Task SendResetAsync(uint code)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, code);
        return connection.SendAsync(Http2FrameType.RstStream, 0, id, payload);
    }

    internal void Add(Http2Event happened) => _events.Writer.TryWrite(happened);
}

/// <summary>
/// HTTP/2 by hand, both ends: frames go to the queue of their stream, settings and pings are answered, windows are opened
/// wide at the start. Senders must stay below the smallest first window (64 KiB) per connection; the corpus does.
/// </summary>
internal sealed class Http2Connection
{
    private const ushort InitialWindowSize = 4;
    private const ushort EnableConnectProtocol = 8;

    private readonly Side _side;
    private readonly bool _isServer;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Hpack _decoder = new();
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly Channel<Http2Stream> _incoming = Channel.CreateUnbounded<Http2Stream>();
    private readonly TaskCompletionSource<bool> _settings = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _nextId = 1;

    private Http2Connection(Side side, bool isServer)
    {
        _side = side;
        _isServer = isServer;
    }

    /// <summary>Streams the client opened, on the server.</summary>
    public ChannelReader<Http2Stream> Incoming => _incoming.Reader;

    /// <summary>The peer's first SETTINGS: does it allow extended CONNECT (RFC 8441)?</summary>
    public Task<bool> AllowsConnectProtocol => _settings.Task;

    /// <summary>Prefaces, and starts reading.</summary>
    /// <param name="prefacePieces">Bytes per segment of the client's preface.</param>
    public static async Task<Http2Connection> OpenAsync(Side side, bool isServer, int prefacePieces = 24)
    {
        var connection = new Http2Connection(side, isServer);
        if (isServer)
        {
            await side.Reader.ReadExactlyAsync(Http2FrameStream.Preface.Length, side.Cancellation);
        }
        else
        {
            foreach (var piece in Http2FrameStream.Preface.ToArray().Chunk(prefacePieces))
            {
                await side.SendAsync(piece);
            }
        }

        await connection.SendAsync(Http2FrameType.Settings, 0, 0, Settings((InitialWindowSize, int.MaxValue), (EnableConnectProtocol, isServer ? 1 : 0)));
        var increment = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(increment, int.MaxValue - 65_535);
        await connection.SendAsync(Http2FrameType.WindowUpdate, 0, 0, increment);
        _ = connection.ReadAsync();
        return connection;
    }

    /// <summary>A new stream of the client.</summary>
    public Http2Stream OpenStream()
    {
        lock (_streams)
        {
            var stream = _streams[_nextId] = new Http2Stream(this, _nextId);
            _nextId += 2;
            return stream;
        }
    }

    /// <summary>Sends one frame.</summary>
    public async Task SendAsync(Http2FrameType type, byte flags, int streamId, ReadOnlyMemory<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)payload.Length);
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame.AsMemory(9));
        await _writing.WaitAsync(_side.Cancellation);
        try
        {
            await _side.SendAsync(frame);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static byte[] Settings(params (ushort Id, int Value)[] settings)
    {
        var payload = new byte[6 * settings.Length];
        for (var i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(6 * i), settings[i].Id);
            BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan((6 * i) + 2), settings[i].Value);
        }

        return payload;
    }

    private static bool HasConnectProtocol(byte[] payload)
    {
        for (var i = 0; i + 6 <= payload.Length; i += 6)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(i)) == EnableConnectProtocol)
            {
                return BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(i + 2)) == 1;
            }
        }

        return false;
    }

    // PADDED (8) and PRIORITY (32) put bytes around what counts.
    private static byte[] Unpadded(byte flags, byte[] payload, bool isHeaders)
    {
        var padding = (flags & 8) != 0 ? payload[0] : 0;
        var start = ((flags & 8) != 0 ? 1 : 0) + (isHeaders && (flags & 32) != 0 ? 5 : 0);
        return payload[start..^padding];
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await ReadFrameAsync())
            {
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or NotSupportedException)
        {
            // Told below, to every stream.
        }

        lock (_streams)
        {
            foreach (var stream in _streams.Values)
            {
                stream.Add(new Http2Event(null, [], IsEnd: true, "lost"));
            }
        }

        _settings.TrySetResult(false);
        _incoming.Writer.TryComplete();
    }

    private async Task<bool> ReadFrameAsync()
    {
        if (_side.Reader.Buffered == 0 && !await _side.Reader.FillAsync(_side.Cancellation))
        {
            return false;
        }

        var (type, flags, id, payload) = await ReadRawFrameAsync();
        var isEnd = (flags & 1) != 0;
        switch (type)
        {
            case Http2FrameType.Settings when !isEnd:
                _settings.TrySetResult(HasConnectProtocol(payload));
                await SendAsync(Http2FrameType.Settings, 1, 0, default);
                break;
            case Http2FrameType.Ping when !isEnd:
                await SendAsync(Http2FrameType.Ping, 1, 0, payload);
                break;
            case Http2FrameType.Headers:
                var block = Unpadded(flags, payload, isHeaders: true);
                while ((flags & 4) == 0)
                {
                    (_, flags, _, payload) = await ReadRawFrameAsync();
                    block = [.. block, .. payload];
                }

                Add(id, new Http2Event(_decoder.Read(block), [], isEnd));
                break;
            case Http2FrameType.Data:
                Add(id, new Http2Event(null, Unpadded(flags, payload, isHeaders: false), isEnd));
                break;
            case Http2FrameType.RstStream:
                Add(id, new Http2Event(null, [], IsEnd: true, $"RST_STREAM {BinaryPrimitives.ReadUInt32BigEndian(payload)}"));
                break;
            default:
                break;
        }

        return true;
    }

    private async Task<(Http2FrameType Type, byte Flags, int StreamId, byte[] Payload)> ReadRawFrameAsync()
    {
        var head = await _side.Reader.ReadExactlyAsync(9, _side.Cancellation);
        var length = (head[0] << 16) | (head[1] << 8) | head[2];
        return ((Http2FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, await _side.Reader.ReadExactlyAsync(length, _side.Cancellation));
    }

    private void Add(int id, Http2Event happened)
    {
        Http2Stream? stream;
        lock (_streams)
        {
            if (!_streams.TryGetValue(id, out stream))
            {
                if (!_isServer || happened.Headers is null)
                {
                    return;
                }

                stream = _streams[id] = new Http2Stream(this, id);
                _incoming.Writer.TryWrite(stream);
            }
        }

        stream.Add(happened);
    }
}
