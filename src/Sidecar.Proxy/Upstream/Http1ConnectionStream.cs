using System.Runtime.CompilerServices;
using Sidecar.Proxy.Pooling;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// The bytes of one pooled HTTP/1 connection, unchanged, with two additions: it tells the call that uses it what was
/// written and read, and it turns "closed without a single response byte" into an exception, because the client takes
/// a plain end of stream there as leave to send a bodyless request of any method again.
/// src/decisions/0006-hidden-retries.md. While it is idle it is given up before its server is known to close it.
/// </summary>
/// <param name="inner">Socket or TLS.</param>
/// <param name="idle">Its idle time; null learns nothing.</param>
internal sealed class Http1ConnectionStream(Stream inner, IdleWatch? idle = null) : Stream
{
    private volatile CallTrace? _call;
    private bool _hasServed;

    // Read-ahead: the client has a read pending before it writes the next request, so the end of stream and the first
    // write can meet on two threads. Each side sets its own flag, then looks at the other's.
    private volatile bool _isAwaitingResponse;
    private volatile bool _isEnded;

    // Between the end of a response and the next request.
    private volatile CallTrace? _lastEnded;
    private ITimer? _giveUp;
    private PendingRead? _pendingRead;
    private volatile bool _isDisposed;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsIdle && idle?.Left() is { } left)
        {
            if (left <= TimeSpan.Zero)
            {
                // The client is about to use it; told that it ended, it takes another one.
                _isEnded = true;
                return new ValueTask<int>(0);
            }

            _giveUp ??= idle.Start(static stream => ((Http1ConnectionStream)stream!).GiveUp(), this, left);
        }

        var reading = inner.ReadAsync(buffer, cancellationToken);
        return reading.IsCompletedSuccessfully
            ? new ValueTask<int>(OnRead(reading.Result, buffer))
            : (_pendingRead is { IsTaken: false } pending ? pending : _pendingRead = new PendingRead(EndRead)).Start(reading, buffer);
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (CallTrace.TakeWriting() is { } call && !ReferenceEquals(call, _call))
        {
            BeginExchange(call);
        }

        var writing = inner.WriteAsync(buffer, cancellationToken);
        return writing.IsCompletedSuccessfully ? writing : AwaitWriteAsync(writing);
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        _giveUp?.Dispose();
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _isDisposed = true;
            _giveUp?.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The response of a call was read to its end.</summary>
    public void ExchangeEnded(CallTrace call)
    {
        if (idle is not null && ReferenceEquals(call, _call))
        {
            idle.Begin();
            _lastEnded = call;
        }
    }

    // Another call may have begun while the end of the one before was being told.
    private bool IsIdle => _lastEnded is { } ended && ReferenceEquals(ended, _call);

    private void BeginExchange(CallTrace call)
    {
        call.Connection = this;
        _call = call;
        _giveUp?.Dispose();
        _giveUp = null;
        call.IsConnectionReused = _hasServed;
        _isAwaitingResponse = true;
        Interlocked.MemoryBarrier();
        if (_isEnded)
        {
            call.IsConnectionBroken = true;
            throw new IOException("The upstream closed the idle connection.");
        }

        call.IsHttp1Written = true;
        _hasServed = true;
    }

    // Should a request take the connection in this very moment, it finds it ended before a byte was written.
    private void GiveUp()
    {
        if (IsIdle)
        {
            _isEnded = _isDisposed = true;
            inner.Dispose();
        }
    }

    private int OnRead(int read, Memory<byte> buffer)
    {
        if (read > 0)
        {
            if (_isAwaitingResponse && _call is { } call)
            {
                _isAwaitingResponse = false;
                call.IsResponseStarted = true;
                ExpectedBody.OnResponse(buffer.Span[..read], call.Request);
            }
        }
        else if (buffer.Length > 0)
        {
            _isEnded = true;
            Interlocked.MemoryBarrier();
            if (_isAwaitingResponse)
            {
                MarkBroken();
                throw new IOException("The upstream closed the connection without a response.");
            }
        }

        return read;
    }

    private int EndRead(ValueTask<int> reading, Memory<byte> buffer)
    {
        if (_isDisposed && IsIdle)
        {
            // Closed by us between two exchanges. It ends; an exception for each would cost more than the closing.
            _isEnded = true;
            return 0;
        }

        try
        {
            var read = reading.GetAwaiter().GetResult();
            if (read == 0 && buffer.Length > 0 && IsIdle && !_isEnded)
            {
                // Seen when it happened, since the client was waiting for just that.
                idle?.Closed();
            }

            return OnRead(read, buffer);
        }
        catch
        {
            MarkBroken();
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AwaitWriteAsync(ValueTask writing)
    {
        try
        {
            await writing;
        }
        catch
        {
            MarkBroken();
            throw;
        }
    }

    private void MarkBroken()
    {
        _isEnded = true;
        if (_call is { } call)
        {
            call.IsConnectionBroken = true;
        }
    }
}
