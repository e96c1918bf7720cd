namespace Sidecar.Floor;

/// <summary>Follows the bytes of a body, framing included, until its end.</summary>
internal struct BodyEnd(Framing framing)
{
    private const int InSize = 0, InExtension = 1, InData = 2, BehindData = 3, InTrailers = 4;

    private readonly bool _isChunked = framing.IsChunked;
    private long _left = framing.IsChunked ? 0 : framing.Length;
    private int _state;
    private int _lineLength;

    /// <summary>The body is complete.</summary>
    public bool IsReached { get; private set; } = !framing.IsChunked && framing.Length <= 0;

    /// <summary>Returns how many of the bytes belong to the body, framing included.</summary>
    public int Advance(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && !IsReached)
        {
            at += Step(bytes[at..], out _);
        }

        return at;
    }

    /// <summary>Goes to the end of the next piece of data, or of the bytes. Returns how many were used; the last of them are <paramref name="data"/>.</summary>
    public int Step(ReadOnlySpan<byte> bytes, out int data)
    {
        for (var at = 0; at < bytes.Length && !IsReached; at++)
        {
            if (!_isChunked || _state == InData)
            {
                data = (int)Math.Min(_left, bytes.Length - at);
                _left -= data;
                _state = _left == 0 ? BehindData : InData;
                IsReached = !_isChunked && _left == 0;
                return at + data;
            }

            OnByte(bytes[at]);
            if (IsReached)
            {
                data = 0;
                return at + 1;
            }
        }

        data = 0;
        return bytes.Length;
    }

    private void OnByte(byte value)
    {
        switch (_state)
        {
            case InSize when char.IsAsciiHexDigit((char)value):
                _left = checked((_left * 16) + (value <= '9' ? value - '0' : (value | 0x20) - 'a' + 10));
                break;
            case InSize or InExtension when value == '\n':
                _state = _left > 0 ? InData : InTrailers;
                break;
            case InSize when value != '\r':
                _state = InExtension;
                break;
            case BehindData when value == '\n':
                _state = InSize;
                break;
            case InTrailers when value == '\n':
                IsReached = _lineLength == 0;
                _lineLength = 0;
                break;
            case InTrailers when value != '\r':
                _lineLength++;
                break;
        }
    }
}
