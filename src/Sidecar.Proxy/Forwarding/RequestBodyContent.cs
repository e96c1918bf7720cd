using System.Buffers;
using System.Net;
using System.Net.Http;
using Sidecar.Proxy.Policies;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// Sends the caller's body: from what was kept when it was read before, else straight from the caller.
/// Unlike Yarp's it can be sent again.
/// </summary>
public sealed class RequestBodyContent : HttpContent
{
    private const int BufferBytes = 16 * 1024;

    private readonly RequestBody _body;

    /// <summary>Of a body, without headers yet.</summary>
    public RequestBodyContent(RequestBody body) => _body = body;

    /// <summary>Of a body, with the headers of the content that Yarp made for it.</summary>
    public static RequestBodyContent InPlaceOf(HttpContent yarps, RequestBody body)
    {
        var content = new RequestBodyContent(body);
        foreach (var (name, values) in yarps.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return content;
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _body.Track(_body.Replay == BodyReplay.Buffered
            ? stream.WriteAsync(_body.Kept, cancellationToken).AsTask()
            : CopyAsync(stream, cancellationToken));

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        // The caller's Content-Length is among the headers; without one the body is chunked, as it came.
        length = 0;
        return false;
    }

    private async Task CopyAsync(Stream upstream, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var read = _body.ReadAsync(buffer, cancellationToken);
            while (true)
            {
                if (!read.IsCompleted)
                {
                    // The caller pauses: what it said so far must reach the upstream (streams, gRPC).
                    await upstream.FlushAsync(cancellationToken);
                }

                var length = await read;
                if (length == 0)
                {
                    return;
                }

                await upstream.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
                read = _body.ReadAsync(buffer, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
