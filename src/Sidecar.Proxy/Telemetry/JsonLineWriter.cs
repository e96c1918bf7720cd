using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Takes lines from request threads and writes them to stdout on a thread of its own. Two buffers of fixed size: lines are
/// copied into one while the other is being written, so a request thread never waits for the stream, only, for the length of a
/// copy, for another line. While lines keep coming, the writer looks for them by its own clock: waking it up costs a request thread
/// more than the line. When stdout is blocked or fails and the buffer is full, lines are dropped and counted; the
/// first write that works again is followed by a line that says how many were lost.
/// </summary>
public sealed class JsonLineWriter : IDisposable
{
    /// <summary>Default size of each of the two buffers in bytes: about 500 lines.</summary>
    public const int DefaultCapacityBytes = 256 * 1024;

    /// <summary>
    /// Default time for which lines are gathered before they are written: one wake-up and one system call for many lines instead of one
    /// each.
    /// </summary>
    public static readonly TimeSpan DefaultLinger = TimeSpan.FromMilliseconds(20);

    // After a second without a line it sleeps until there is one.
    private const int LooksBeforeSleep = 50;

    private readonly object _gate = new();
    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly TimeSpan _linger;
    private readonly Thread _thread;

    // Guarded by _gate.
    private byte[] _filling, _writing;
    private int _length, _lines;
    private long _accepted, _finished, _written, _lost, _lostReported;
    private bool _isAsleep, _isUrgent, _isStopping, _hasStopped;

    // Of the writer's thread: a refused write may have left half a line behind.
    private bool _isLineOpen;

    /// <param name="stream">Where lines go; used by the writer's thread alone.</param>
    /// <param name="time">Clock of the line about lost lines.</param>
    /// <param name="capacityBytes">Size of each of the two buffers.</param>
    /// <param name="linger">See <see cref="DefaultLinger"/>; zero writes at once.</param>
    public JsonLineWriter(Stream stream, TimeProvider time, int capacityBytes = DefaultCapacityBytes, TimeSpan? linger = null)
    {
        _stream = stream;
        _time = time;
        _linger = linger ?? DefaultLinger;
        _filling = new byte[capacityBytes];
        _writing = new byte[capacityBytes];
        _thread = new Thread(Run) { IsBackground = true, Name = "log writer" };
        _thread.Start();
    }

    /// <summary>Called, on any thread, with the number of lines just lost.</summary>
    public Action<long>? Lost { get; set; }

    /// <summary>Lines that the stream took.</summary>
    public long WrittenLines => Read(ref _written);

    /// <summary>Lines that were dropped, or were in a batch the stream refused.</summary>
    public long LostLines => Read(ref _lost);

    /// <summary>Takes a line, its line feed included; false when there was no room and it is lost.</summary>
    public bool TryWrite(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            if (line.Length <= _filling.Length - _length && !_isStopping)
            {
                line.CopyTo(_filling.AsSpan(_length));
                var before = _length;
                _length += line.Length;
                _lines++;
                _accepted++;
                var isHalfFull = before < _filling.Length / 2 && _length >= _filling.Length / 2;
                _isUrgent |= isHalfFull;
                if (_isAsleep || isHalfFull)
                {
                    Monitor.PulseAll(_gate);
                }

                return true;
            }

            _lost++;
        }

        Lost?.Invoke(1);
        return false;
    }

    /// <summary>Waits until the lines taken so far were written or lost, at most so long; false when it took longer.</summary>
    public bool Flush(TimeSpan timeout)
    {
        lock (_gate)
        {
            var target = _accepted;
            var start = _time.GetTimestamp();
            while (_finished < target && !_hasStopped)
            {
                _isUrgent = true;
                Monitor.PulseAll(_gate);
                var left = timeout - _time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                {
                    break;
                }
            }

            return _finished >= target;
        }
    }

    /// <summary>Takes no more lines and lets the thread end; what is in the buffer is still written if the stream lets it. Does not wait: <see cref="Flush"/> before.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        while (WaitForBatch(out var batch, out var lines))
        {
            var isWritten = TryWriteToStream(batch.Span);
            FinishBatch(lines, isWritten);
        }
    }

    private bool WaitForBatch(out ReadOnlyMemory<byte> batch, out int lines)
    {
        lock (_gate)
        {
            Gather();
            for (var looks = 1; _length == 0 && !_isStopping; looks++)
            {
                if (_linger > TimeSpan.Zero && looks < LooksBeforeSleep)
                {
                    Gather();
                    continue;
                }

                _isUrgent = false;
                _isAsleep = true;
                Monitor.Wait(_gate);
                _isAsleep = false;
                Gather();
            }

            batch = _filling.AsMemory(0, _length);
            lines = _lines;
            (_filling, _writing) = (_writing, _filling);
            _length = 0;
            _lines = 0;
            _isUrgent = false;
            _hasStopped = lines == 0 && _isStopping;
            if (_hasStopped)
            {
                Monitor.PulseAll(_gate);
            }

            return !_hasStopped;
        }
    }

    private void Gather()
    {
        if (!_isUrgent && !_isStopping && _linger > TimeSpan.Zero)
        {
            Monitor.Wait(_gate, _linger);
        }
    }

    private void FinishBatch(int lines, bool isWritten)
    {
        long unreported;
        lock (_gate)
        {
            _finished += lines;
            _written += isWritten ? lines : 0;
            _lost += isWritten ? 0 : lines;
            unreported = isWritten ? _lost - _lostReported : 0;
        }

        if (!isWritten)
        {
            Lost?.Invoke(lines);
        }
        else if (unreported > 0 && TryWriteLostLine(unreported))
        {
            lock (_gate)
            {
                _lostReported += unreported;
            }
        }

        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private bool TryWriteLostLine(long count)
    {
        Span<byte> line = stackalloc byte[512];
        var length = JsonLine.Format(line, _time.GetUtcNow(), LogEvents.LogLinesLost, LogSeverity.Warn, [("count", count)]);
        return TryWriteToStream(line[..length]);
    }

    private bool TryWriteToStream(ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (_isLineOpen)
            {
                _stream.Write("\n"u8);
            }

            _stream.Write(bytes);
            _stream.Flush();
            _isLineOpen = false;
            return true;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or UnauthorizedAccessException or NotSupportedException)
        {
            // ENOSPC, EPIPE, a closed descriptor: the lines are lost and counted, the next batch tries again. Part of the batch may have
            // been written; it counts as lost as a whole.
            _isLineOpen = true;
            return false;
        }
    }

    private long Read(ref long counter)
    {
        lock (_gate)
        {
            return counter;
        }
    }
}
