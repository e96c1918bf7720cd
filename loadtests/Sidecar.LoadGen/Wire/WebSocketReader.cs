using System.Buffers.Binary;

namespace Sidecar.LoadGen.Wire;

/// <summary>
/// Reads the answer to a WebSocket handshake and then one message after the other. Control frames are passed over; a
/// close is a failure.
/// </summary>
public sealed class WebSocketReader : IAnswerReader
{
    private readonly HttpResponseReader _handshake = new();
    private readonly byte[] _header = new byte[10];
    private bool _isOpen;
    private int _headerLength;
    private bool _inPayload;
    private long _remaining;
    private bool _isBroken;

    /// <inheritdoc/>
    public int Status { get; private set; }

    /// <inheritdoc/>
    public long BodyBytes { get; private set; }

    /// <inheritdoc/>
    public bool IsReusable => _isOpen && !_isBroken;

    /// <inheritdoc/>
    public string Problem { get; private set; } = "";

    /// <inheritdoc/>
    public void Begin(RequestImage request)
    {
        (BodyBytes, Problem) = (0, "");
        if (!_isOpen)
        {
            _handshake.Begin(request);
        }
    }

    /// <inheritdoc/>
    public ReadState Feed(ReadOnlySpan<byte> bytes, out int used)
    {
        if (_isOpen)
        {
            return FeedFrames(bytes, out used);
        }

        var state = _handshake.Feed(bytes, out used);
        (Status, Problem) = (_handshake.Status, _handshake.Problem);
        _isOpen = state == ReadState.Complete && Status == 101;
        return state;
    }

    /// <inheritdoc/>
    public ReadState End()
    {
        Problem = _isOpen ? "closed within a WebSocket" : "closed before an answer";
        return ReadState.Failed;
    }

    private ReadState FeedFrames(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        while (used < bytes.Length)
        {
            if (!_inPayload)
            {
                _header[_headerLength++] = bytes[used++];
                if (_headerLength < 2 || _headerLength < HeaderSize())
                {
                    continue;
                }

                _remaining = Length();
                if ((_header[0] & 0x70) != 0 || (_header[1] & 0x80) != 0 || _remaining < 0)
                {
                    return Break("malformed frame");
                }

                if ((_header[0] & 0x0f) == 8)
                {
                    return Break("WebSocket closed");
                }

                _inPayload = true;
            }

            var take = (int)Math.Min(_remaining, bytes.Length - used);
            used += take;
            _remaining -= take;
            var isControl = (_header[0] & 0x08) != 0;
            BodyBytes += isControl ? 0 : take;
            if (_remaining == 0)
            {
                (_inPayload, _headerLength) = (false, 0);
                if (!isControl && (_header[0] & 0x80) != 0)
                {
                    return ReadState.Complete;
                }
            }
        }

        return _isBroken ? ReadState.Failed : ReadState.NeedMore;
    }

    private ReadState Break(string why)
    {
        (_isBroken, Problem) = (true, why);
        return ReadState.Failed;
    }

    private int HeaderSize() => (_header[1] & 0x7f) switch { 126 => 4, 127 => 10, _ => 2 };

    private long Length() => (_header[1] & 0x7f) switch
    {
        126 => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
        127 => BinaryPrimitives.ReadInt64BigEndian(_header.AsSpan(2)),
        var length => length,
    };
}
