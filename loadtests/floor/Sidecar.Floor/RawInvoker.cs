using System.Net;
using System.Net.Http;

namespace Sidecar.Floor;

/// <summary>
/// The client over raw sockets where the product's seam is today: Yarp's forwarder above it, its message in, its answer out.
/// </summary>
internal sealed class RawInvoker(UpstreamPool pool) : HttpMessageInvoker(new NoHandler())
{
    /// <inheritdoc/>
    public override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var connection = pool.TryTake() ?? await pool.DialAsync();
        try
        {
            var length = WriteHead(request, connection.Out);
            await connection.Socket.SendAsync(connection.Out.AsMemory(0, length), CancellationToken.None);
            if (request.Content is not null)
            {
                // Only of known length, which the head has said.
                await request.Content.CopyToAsync(new System.Net.Sockets.NetworkStream(connection.Socket), cancellationToken);
            }

            int head;
            do
            {
                await connection.ReadAsync();
            }
            while ((head = Http1.HeadLength(connection.Arrived.Span)) == 0);

            var response = new HttpResponseMessage { RequestMessage = request, Version = HttpVersion.Version11 };
            var content = new RawContent();
            response.Content = content;
            var framing = ReadHead(response, connection, head);
            connection.Take(head);
            content.Body = new RawBody(connection, pool, new BodyEnd(framing));
            return response;
        }
        catch
        {
            connection.Socket.Dispose();
            throw;
        }
    }

    private static int WriteHead(HttpRequestMessage request, byte[] target)
    {
        var length = Ascii(target, 0, request.Method.Method);
        length = Http1.Append(target, length, " "u8, default);
        length = Ascii(target, length, request.RequestUri!.PathAndQuery);
        length = Http1.Append(target, length, " HTTP/1.1\r\n"u8, default);
        if (request.Headers.Host is null)
        {
            length = Http1.Append(target, length, "Host: "u8, default);
            length = Http1.Append(target, Ascii(target, length, request.RequestUri.Authority), "\r\n"u8, default);
        }

        length = WriteFields(request.Headers.NonValidated, target, length);
        if (request.Content is not null)
        {
            length = WriteFields(request.Content.Headers.NonValidated, target, length);
        }

        return Http1.Append(target, length, "\r\n"u8, default);
    }

    private static int WriteFields(System.Net.Http.Headers.HttpHeadersNonValidated fields, byte[] target, int length)
    {
        foreach (var (name, values) in fields)
        {
            foreach (var value in values)
            {
                length = Http1.Append(target, Ascii(target, length, name), ": "u8, default);
                length = Http1.Append(target, Ascii(target, length, value), "\r\n"u8, default);
            }
        }

        return length;
    }

    private static Framing ReadHead(HttpResponseMessage response, UpstreamConnection connection, int length)
    {
        ReadOnlySpan<byte> head = connection.Arrived.Span[..length];
        response.StatusCode = (HttpStatusCode)Http1.Status(Http1.TakeLine(ref head));
        var framing = new Framing(-1, false);
        for (var i = 0; Http1.TryTakeField(ref head, out var name, out var value); i++)
        {
            if (Http1.Passes(name, value, ref framing))
            {
                var (field, text) = (RawUpstream.Same(ref connection.Names[i], name), RawUpstream.Same(ref connection.Values[i], value));
                if (!response.Headers.TryAddWithoutValidation(field, text))
                {
                    response.Content.Headers.TryAddWithoutValidation(field, text);
                }
            }
        }

        return framing;
    }

    private static int Ascii(byte[] target, int length, string text) =>
        length + System.Text.Encoding.Latin1.GetBytes(text, target.AsSpan(length));

    private sealed class NoHandler : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();
    }

    private sealed class RawContent : HttpContent
    {
        public Stream Body { get; set; } = Stream.Null;

        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(Body);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Body.CopyToAsync(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
