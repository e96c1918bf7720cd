using System.Buffers;
using System.Net.Sockets;

namespace Sidecar.Proxy.Sockets;

/// <summary>The bytes of a connected socket of an event loop; errors are what a <see cref="NetworkStream"/> would throw.</summary>
/// <param name="socket">Closed with it.</param>
internal class LoopStream(LoopSocket socket) : Stream
{
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
        if (cancellationToken.CanBeCanceled)
        {
            return ReadCancelableAsync(buffer, cancellationToken);
        }

        return socket.ReadAsync(buffer);
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return default;
        }

        var sending = socket.SendAsync(new ReadOnlySequence<byte>(buffer));
        return !sending.IsCompletedSuccessfully ? AwaitSendAsync(sending)
            : sending.Result is not SocketError.Success and var error ? ValueTask.FromException(WriteFailure(error))
            : default;
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>What a read throws.</summary>
    internal static IOException ReadFailure(SocketError error) => Failure("read data from", error);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            socket.Close();
        }

        base.Dispose(disposing);
    }

    private static IOException WriteFailure(SocketError error) => Failure("write data to", error);

    // The words of the platform's own stream.
    private static IOException Failure(string attempt, SocketError error)
    {
        var cause = new SocketException((int)error);
        return new IOException($"Unable to {attempt} the transport connection: {cause.Message}.", cause);
    }

    private static async ValueTask AwaitSendAsync(ValueTask<SocketError> sending)
    {
        var error = await sending;
        if (error != SocketError.Success)
        {
            throw WriteFailure(error);
        }
    }

    private async ValueTask<int> ReadCancelableAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var receiving = socket.ReceiveAsync(buffer);
        SocketResult result;
        using (cancellationToken.UnsafeRegister(static socket => ((LoopSocket)socket!).CancelReceive(), socket))
        {
            result = await receiving;
        }

        if (result.Error == SocketError.Interrupted)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return result.IsSuccess ? result.Count : throw ReadFailure(result.Error);
    }
}
