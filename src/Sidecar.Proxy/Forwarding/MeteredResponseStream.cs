using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// Stands between the copy loop and the server's response body: counts bytes, tells the idle clock, and knows which
/// time was spent waiting for the upstream (between two writes) and which for the caller (inside one).
/// </summary>
public sealed class MeteredResponseStream : Stream, IHttpResponseBodyFeature
{
    private IHttpResponseBodyFeature _inner = null!;
    private RequestRecord _record = null!;
    private TimeProvider _time = null!;
    private IdleClock? _clock;
    private long _waitingSince;

    /// <summary>A response begins.</summary>
    /// <param name="inner">The server's.</param>
    /// <param name="record">Gets the bytes and the time.</param>
    /// <param name="clock">Told of every byte; null when no clock is on.</param>
    /// <param name="time">Clock.</param>
    public void Begin(IHttpResponseBodyFeature inner, RequestRecord record, IdleClock? clock, TimeProvider time) =>
        (_inner, _record, _clock, _time) = (inner, record, clock, time);

    /// <summary>The response was copied to its end.</summary>
    public void Clear()
    {
        (_inner, _record, _clock, _time) = (null!, null!, null, null!);
        _waitingSince = 0;
    }

    /// <inheritdoc/>
    public Stream Stream => this;

    /// <inheritdoc/>
    public PipeWriter Writer => _inner.Writer;

    /// <inheritdoc/>
    public override bool CanRead => false;

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

    /// <summary>The upstream's headers are here: what follows until the first write is waiting for its body.</summary>
    /// <param name="now">The clock's time.</param>
    public void HeadersReceived(long now)
    {
        _waitingSince = now;
        _clock?.Touch(now);
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var now = _time.GetTimestamp();
        if (_waitingSince != 0)
        {
            _record.UpstreamTime += _time.GetElapsedTime(_waitingSince, now);
        }

        _clock?.Touch(now);
        _record.ResponseBytes += buffer.Length;
        var write = _inner.Stream.WriteAsync(buffer, cancellationToken);
        if (write.IsCompletedSuccessfully)
        {
            _waitingSince = _waitingSince == 0 ? 0 : now;
            return write;
        }

        return FinishAsync(write);
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => _inner.Stream.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => _inner.Stream.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => _inner.Stream.Write(buffer, offset, count);

    /// <inheritdoc/>
    public void DisableBuffering() => _inner.DisableBuffering();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) => _inner.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        _inner.SendFileAsync(path, offset, count, cancellationToken);

    /// <inheritdoc/>
    public Task CompleteAsync() => _inner.CompleteAsync();

    private async ValueTask FinishAsync(ValueTask write)
    {
        await write;
        var now = _time.GetTimestamp();
        _waitingSince = _waitingSince == 0 ? 0 : now;
        _clock?.Touch(now);
    }
}
