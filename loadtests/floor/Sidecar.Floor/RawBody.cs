using System.Runtime.CompilerServices;

namespace Sidecar.Floor;

/// <summary>The body of an answer as a stream; at its end the connection goes back to its pool.</summary>
internal sealed class RawBody(UpstreamConnection connection, UpstreamPool pool, BodyEnd end) : Stream
{
    private BodyEnd _end = end;
    private bool _isGivenBack;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!_end.IsReached)
        {
            if (connection.Arrived.IsEmpty)
            {
                await connection.ReadAsync();
            }

            if (buffer.IsEmpty)
            {
                return 0;
            }

            var arrived = connection.Arrived;
            var used = _end.Step(arrived.Span[..Math.Min(arrived.Length, buffer.Length)], out var data);
            arrived.Span[(used - data)..used].CopyTo(buffer.Span);
            connection.Take(used);
            GiveBackAtTheEnd();
            if (data > 0)
            {
                return data;
            }
        }

        GiveBackAtTheEnd();
        return 0;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_isGivenBack)
        {
            connection.Socket.Dispose();
        }

        base.Dispose(disposing);
    }

    private void GiveBackAtTheEnd()
    {
        if (_end.IsReached && !_isGivenBack)
        {
            _isGivenBack = true;
            pool.GiveBack(connection);
        }
    }
}
