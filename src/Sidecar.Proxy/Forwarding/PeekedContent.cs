using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;

namespace Sidecar.Proxy.Forwarding;

/// <summary>A response content whose first byte was read to decide on a retry, put together again.</summary>
public sealed class PeekedContent : HttpContent
{
    private readonly PeekedStream _stream;

    /// <summary>Takes the headers of the content it replaces.</summary>
    public PeekedContent(byte first, Stream rest, HttpContentHeaders headers)
    {
        _stream = new PeekedStream(first, rest);
        foreach (var (name, values) in headers.NonValidated)
        {
            foreach (var value in values)
            {
                Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <inheritdoc/>
    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => _stream;

    /// <inheritdoc/>
    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(_stream);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _stream.CopyToAsync(stream);

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class PeekedStream(byte first, Stream rest) : Stream
    {
        private bool _isFirstRead;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_isFirstRead)
            {
                return rest.ReadAsync(buffer, cancellationToken);
            }

            if (buffer.IsEmpty)
            {
                // A zero-byte read asks whether there is something: there is.
                return ValueTask.FromResult(0);
            }

            _isFirstRead = true;
            buffer.Span[0] = first;
            return ValueTask.FromResult(1);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                rest.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
