using System.Text;

namespace Sidecar.TestKit.Network;

/// <summary>Reads delimited and counted bytes from a connection and keeps every byte as it came.</summary>
public sealed class WireReader(Stream stream)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>Every byte that ever arrived.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Bytes that arrived and were not taken yet.</summary>
    public int Buffered => _end - _start;

    /// <summary>Reads once; false at the end of the stream. A reset throws <see cref="IOException"/>.</summary>
    public async Task<bool> FillAsync(CancellationToken cancellationToken = default)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, Buffered).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }
            else
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        BytesReceived += read;
        return read > 0;
    }

    /// <summary>Bytes up to and including the delimiter; null when the stream ends before its first byte.</summary>
    /// <exception cref="EndOfStreamException">It ended in the middle.</exception>
    public async Task<byte[]?> ReadThroughAsync(ReadOnlyMemory<byte> delimiter, CancellationToken cancellationToken = default)
    {
        var searched = 0;
        while (true)
        {
            var found = _buffer.AsSpan(_start + searched, Buffered - searched).IndexOf(delimiter.Span);
            if (found >= 0)
            {
                return Take(searched + found + delimiter.Length);
            }

            searched = Math.Max(0, Buffered - delimiter.Length + 1);
            if (!await FillAsync(cancellationToken))
            {
                return Buffered == 0 ? null : throw new EndOfStreamException($"ended after: {Encoding.Latin1.GetString(Take(Buffered))}");
            }
        }
    }

    /// <summary>Exactly so many bytes.</summary>
    /// <exception cref="EndOfStreamException">Fewer came.</exception>
    public async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellationToken = default)
    {
        while (Buffered < count)
        {
            if (!await FillAsync(cancellationToken))
            {
                throw new EndOfStreamException($"ended {count - Buffered} of {count} bytes too early");
            }
        }

        return Take(count);
    }

    /// <summary>What is there, at least one byte; empty at the end of the stream.</summary>
    public async Task<byte[]> ReadSomeAsync(CancellationToken cancellationToken = default)
    {
        if (Buffered == 0)
        {
            await FillAsync(cancellationToken);
        }

        return Take(Buffered);
    }

    private byte[] Take(int count)
    {
        var taken = _buffer.AsSpan(_start, count).ToArray();
        _start += count;
        return taken;
    }
}
