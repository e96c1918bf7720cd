using System.Buffers.Text;

namespace Sidecar.LoadGen.Wire;

/// <summary>
/// Reads HTTP/1.1 responses. Strict: what RFC 9112 lets a client refuse is refused, because a generator that accepts a
/// broken answer counts a failure as a success. Allocates nothing once made.
/// </summary>
public sealed class HttpResponseReader : IAnswerReader
{
    private const int LongestLine = 16 * 1024;
    private const int LargestHead = 64 * 1024;
    private const int MostInterim = 16;

    private readonly byte[] _line = new byte[LongestLine];
    private Part _part;
    private int _lineLength;
    private int _headBytes;
    private int _interim;
    private long _remaining;
    private long _contentLength;
    private bool _isChunked;
    private bool _closes;
    private bool _isOldVersion;
    private bool _isHead;

    private enum Part
    {
        StatusLine,
        Header,
        Body,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Trailer,
        UntilClose,
        Done,
        Broken,
    }

    /// <inheritdoc/>
    public int Status { get; private set; }

    /// <inheritdoc/>
    public long BodyBytes { get; private set; }

    /// <inheritdoc/>
    public bool IsReusable => _part == Part.Done && !_closes && !_isOldVersion;

    /// <inheritdoc/>
    public string Problem { get; private set; } = "";

    /// <inheritdoc/>
    public void Begin(RequestImage request)
    {
        _isHead = request?.IsHead == true;
        (_part, _lineLength, _headBytes, _interim, BodyBytes, Status, Problem) = (Part.StatusLine, 0, 0, 0, 0, 0, "");
        BeginHead();
    }

    /// <inheritdoc/>
    public ReadState Feed(ReadOnlySpan<byte> bytes, out int used)
    {
        var rest = bytes;
        while (!rest.IsEmpty && _part is not (Part.Done or Part.Broken))
        {
            if (_part is Part.Body or Part.Chunk or Part.UntilClose)
            {
                TakeBody(ref rest);
            }
            else if (TakeLine(ref rest, out var line))
            {
                TakeLine(line);
                _lineLength = 0;
            }
        }

        used = bytes.Length - rest.Length;
        return _part switch { Part.Done => ReadState.Complete, Part.Broken => ReadState.Failed, _ => ReadState.NeedMore };
    }

    /// <inheritdoc/>
    public ReadState End()
    {
        if (_part == Part.UntilClose)
        {
            (_part, _closes) = (Part.Done, true);
            return ReadState.Complete;
        }

        return Break(_part == Part.StatusLine && _lineLength == 0 ? "closed before an answer" : "closed within an answer");
    }

    private void BeginHead() => (_contentLength, _isChunked, _closes, _isOldVersion) = (-1, false, false, false);

    private ReadState Break(string why)
    {
        (_part, Problem) = (Part.Broken, why);
        return ReadState.Failed;
    }

    private void TakeBody(ref ReadOnlySpan<byte> rest)
    {
        var take = _part == Part.UntilClose ? rest.Length : (int)Math.Min(rest.Length, _remaining);
        BodyBytes += take;
        _remaining -= take;
        rest = rest[take..];
        if (_remaining == 0 && _part != Part.UntilClose)
        {
            _part = _part == Part.Chunk ? Part.ChunkEnd : Part.Done;
        }
    }

    // A line that is whole in what arrived is used where it stands; one in pieces is put together first.
    private bool TakeLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        var end = rest.IndexOf((byte)'\n');
        var piece = end < 0 ? rest : rest[..(end + 1)];
        rest = rest[piece.Length..];
        line = default;
        // The frame lines of a chunked body are bounded by the longest line only: there is no end to their number.
        _headBytes += _part is Part.ChunkSize or Part.ChunkEnd ? 0 : piece.Length;
        if (_lineLength + piece.Length > LongestLine || _headBytes > LargestHead)
        {
            Break("header too large");
            return false;
        }

        if (_lineLength > 0 || end < 0)
        {
            piece.CopyTo(_line.AsSpan(_lineLength));
            _lineLength += piece.Length;
            piece = _line.AsSpan(0, _lineLength);
        }

        if (end < 0)
        {
            return false;
        }

        if (piece.Length < 2 || piece[^2] != (byte)'\r')
        {
            Break("line without CR");
            return false;
        }

        line = piece[..^2];
        if (line.IndexOfAnyInRange((byte)0, (byte)8) >= 0 || line.IndexOfAnyInRange((byte)10, (byte)31) >= 0)
        {
            Break("control character");
            return false;
        }

        return true;
    }

    private void TakeLine(ReadOnlySpan<byte> line)
    {
        switch (_part)
        {
            case Part.StatusLine:
                TakeStatus(line);
                break;
            case Part.Header when line.IsEmpty:
                EndHead();
                break;
            case Part.Header:
                TakeHeader(line);
                break;
            case Part.ChunkSize:
                TakeChunkSize(line);
                break;
            case Part.ChunkEnd when line.IsEmpty:
                _part = Part.ChunkSize;
                break;
            case Part.ChunkEnd:
                Break("chunk longer than its size");
                break;
            case Part.Trailer when line.IsEmpty:
                _part = Part.Done;
                break;
            case Part.Trailer when line.IndexOf((byte)':') > 0:
                break;
            default:
                Break("malformed trailer");
                break;
        }
    }

    private void TakeStatus(ReadOnlySpan<byte> line)
    {
        var isCurrent = line.StartsWith("HTTP/1.1 "u8);
        if ((!isCurrent && !line.StartsWith("HTTP/1.0 "u8)) || line.Length < 12 || (line.Length > 12 && line[12] != (byte)' ')
            || line[9..12].IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0 || line[9] is < (byte)'1' or > (byte)'5')
        {
            Break("malformed status line");
            return;
        }

        Status = ((line[9] - '0') * 100) + ((line[10] - '0') * 10) + (line[11] - '0');
        _isOldVersion = !isCurrent;
        _part = Part.Header;
    }

    private void TakeHeader(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].IndexOfAny((byte)' ', (byte)'\t') >= 0)
        {
            Break("malformed header"); // also a folded line, which begins with a space
            return;
        }

        var value = line[(colon + 1)..].Trim(" \t"u8);
        switch (colon)
        {
            case 14 when AsciiName.Is(line[..colon], "content-length"u8):
                if (value.IsEmpty || value.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0 || !Utf8Parser.TryParse(value, out long length, out _)
                    || (_contentLength >= 0 && _contentLength != length))
                {
                    Break("malformed content-length");
                    return;
                }

                _contentLength = length;
                break;
            case 17 when AsciiName.Is(line[..colon], "transfer-encoding"u8):
                if (_isChunked || !AsciiName.Is(value, "chunked"u8))
                {
                    Break("unknown transfer-encoding");
                    return;
                }

                _isChunked = true;
                break;
            case 10 when AsciiName.Is(line[..colon], "connection"u8):
                _closes |= AsciiName.Is(value, "close"u8);
                break;
        }
    }

    private void EndHead()
    {
        if (Status < 200 && Status != 101)
        {
            if (++_interim > MostInterim)
            {
                Break("too many interim answers");
                return;
            }

            _part = Part.StatusLine;
            BeginHead();
        }
        else if (_isChunked && _contentLength >= 0)
        {
            Break("content-length with transfer-encoding"); // the classic of response splitting
        }
        else if (_isHead || Status is 101 or 204 or 304 || _contentLength == 0)
        {
            _part = Part.Done;
        }
        else
        {
            _remaining = _contentLength;
            _part = _isChunked ? Part.ChunkSize : _contentLength > 0 ? Part.Body : Part.UntilClose;
        }
    }

    private void TakeChunkSize(ReadOnlySpan<byte> line)
    {
        var extension = line.IndexOf((byte)';');
        var digits = (extension < 0 ? line : line[..extension]).TrimEnd(" \t"u8);
        if (digits.Length is 0 or > 15 || !Utf8Parser.TryParse(digits, out long size, out var read, 'x') || read != digits.Length || size < 0)
        {
            Break("malformed chunk size");
            return;
        }

        _remaining = size;
        _part = size == 0 ? Part.Trailer : Part.Chunk;
    }
}
