using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// Stands between Yarp's copy loop and the server's response body: counts bytes, tells the idle clock, and knows which
/// time was spent waiting for the upstream (between two writes) and which for the caller (inside one).
/// </summary>
public sealed class MeteredResponseStream(IHttpResponseBodyFeature inner, RequestRecord record, IdleClock? clock, TimeProvider time)
    : Stream, IHttpResponseBodyFeature
{
    private long _waitingSince;

    /// <inheritdoc/>
    public Stream Stream => this;

    /// <inheritdoc/>
    public PipeWriter Writer => inner.Writer;

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
    public void HeadersReceived()
    {
        _waitingSince = time.GetTimestamp();
        clock?.Touch();
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var now = time.GetTimestamp();
        if (_waitingSince != 0)
        {
            record.UpstreamTime += time.GetElapsedTime(_waitingSince, now);
        }

        clock?.Touch();
        record.ResponseBytes += buffer.Length;
        var write = inner.Stream.WriteAsync(buffer, cancellationToken);
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
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.Stream.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => inner.Stream.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => inner.Stream.Write(buffer, offset, count);

    /// <inheritdoc/>
    public void DisableBuffering() => inner.DisableBuffering();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        inner.SendFileAsync(path, offset, count, cancellationToken);

    /// <inheritdoc/>
    public Task CompleteAsync() => inner.CompleteAsync();

    private async ValueTask FinishAsync(ValueTask write)
    {
        await write;
        if (_waitingSince != 0)
        {
            _waitingSince = time.GetTimestamp();
        }

        clock?.Touch();
    }
}
