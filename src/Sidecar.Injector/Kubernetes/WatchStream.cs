namespace Sidecar.Injector.Kubernetes;

/// <summary>Lines of a watch, each one event. A line has a bound: what does not end is no event.</summary>
public sealed class WatchStream : IDisposable
{
    /// <summary>Longest line: the largest object that etcd holds, twice, since JSON escapes.</summary>
    public const int MaxLineBytes = 4 * 1024 * 1024;

    private const int InitialBytes = 16 * 1024;

    private readonly IDisposable _owner;
    private readonly Stream _stream;
    private byte[] _buffer = new byte[InitialBytes];
    private int _start;
    private int _end;

    /// <summary>Reads a stream.</summary>
    /// <param name="owner">Goes when this goes: the HTTP response.</param>
    /// <param name="stream">Its body.</param>
    public WatchStream(IDisposable owner, Stream stream) => (_owner, _stream) = (owner, stream);

    /// <summary>The next line, valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="ApiException">A line is longer than <see cref="MaxLineBytes"/>, or the connection broke.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var searched = _start;
        while (true)
        {
            var found = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                var line = _buffer.AsMemory(_start, searched + found - _start);
                _start = searched + found + 1;
                return line;
            }

            var kept = _end - _start;
            MakeRoom(kept);
            searched = kept;
            int read;
            try
            {
                read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw new ApiException(0, $"the watch broke off: {ApiException.OneLine(e.Message)}", e);
            }

            if (read == 0)
            {
                // Half a line is no event; the next watch repeats it.
                return null;
            }

            _end += read;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();

    private void MakeRoom(int kept)
    {
        if (kept >= MaxLineBytes)
        {
            throw new ApiException(0, $"the watch sent a line longer than {MaxLineBytes} bytes");
        }

        // A large event must not keep its memory for as long as the watch lives.
        var size = kept == _buffer.Length ? kept * 2 : kept < InitialBytes / 2 ? InitialBytes : _buffer.Length;
        var target = size == _buffer.Length ? _buffer : new byte[size];
        _buffer.AsSpan(_start, kept).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, kept);
    }
}
