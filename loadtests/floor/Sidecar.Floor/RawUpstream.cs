using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Floor;

/// <summary>Kestrel in front, a client over raw sockets behind: what an HTTP/1.1 transport of our own could gain.</summary>
internal static class RawUpstream
{
    /// <summary>Carries one request.</summary>
    public static async Task ForwardAsync(HttpContext context, UpstreamPool pool)
    {
        var connection = pool.TryTake() ?? await pool.DialAsync();
        try
        {
            var length = WriteHead(context, connection.Out);
            if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            {
                await SendWithBodyAsync(context, connection, length);
            }
            else
            {
                await connection.Socket.SendAsync(connection.Out.AsMemory(0, length));
            }

            int head;
            do
            {
                await connection.ReadAsync();
            }
            while ((head = Http1.HeadLength(connection.Arrived.Span)) == 0);

            var end = new BodyEnd(ReadHead(context.Response, connection, head));
            connection.Take(head);
            await CopyBodyAsync(context.Response, connection, end);
        }
        catch
        {
            connection.Socket.Dispose();
            throw;
        }

        pool.GiveBack(connection);
    }

    private static int WriteHead(HttpContext context, byte[] target)
    {
        var request = context.Request;
        var length = Ascii(target, 0, request.Method);
        length = Http1.Append(target, length, " "u8, default);
        length = Ascii(target, length, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        length = Http1.Append(target, length, " HTTP/1.1\r\n"u8, default);
        foreach (var (name, values) in request.Headers)
        {
            if (name is "Connection" or "Keep-Alive" or "TE" or "Upgrade" or "Proxy-Connection")
            {
                continue;
            }

            foreach (var value in values)
            {
                length = Http1.Append(target, Ascii(target, length, name), ": "u8, default);
                length = Http1.Append(target, Ascii(target, length, value!), "\r\n"u8, default);
            }
        }

        return Http1.Append(target, length, "\r\n"u8, default);
    }

    private static int Ascii(byte[] target, int length, string text) =>
        length + System.Text.Encoding.Latin1.GetBytes(text, target.AsSpan(length));

    // The server has taken the chunks apart; they are made again.
    private static async Task SendWithBodyAsync(HttpContext context, UpstreamConnection connection, int length)
    {
        var isChunked = context.Request.ContentLength is null;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync();
            foreach (var piece in read.Buffer)
            {
                if (isChunked && piece.Length > 0)
                {
                    length = Ascii(connection.Out, length, $"{piece.Length:x}\r\n");
                }

                if (length + piece.Length + 2 > connection.Out.Length)
                {
                    await connection.Socket.SendAsync(connection.Out.AsMemory(0, length));
                    length = 0;
                    await connection.Socket.SendAsync(piece);
                }
                else
                {
                    length = Http1.Append(connection.Out, length, piece.Span, default);
                }

                if (isChunked && piece.Length > 0)
                {
                    length = Http1.Append(connection.Out, length, "\r\n"u8, default);
                }
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                length = isChunked ? Http1.Append(connection.Out, length, "0\r\n\r\n"u8, default) : length;
                await connection.Socket.SendAsync(connection.Out.AsMemory(0, length));
                return;
            }
        }
    }

    private static Framing ReadHead(HttpResponse response, UpstreamConnection connection, int length)
    {
        ReadOnlySpan<byte> head = connection.Arrived.Span[..length];
        response.StatusCode = Http1.Status(Http1.TakeLine(ref head));
        var framing = new Framing(-1, false);
        var headers = response.Headers;
        for (var i = 0; Http1.TryTakeField(ref head, out var name, out var value); i++)
        {
            // Chunks are taken apart here; the server makes its own.
            if (Http1.Passes(name, value, ref framing) && !Http1.IsTransferEncoding(name))
            {
                headers.Append(Same(ref connection.Names[i], name), Same(ref connection.Values[i], value));
            }
        }

        return framing;
    }

    /// <summary>The string of the last answer when it says the same.</summary>
    public static string Same(ref string? last, ReadOnlySpan<byte> bytes) =>
        last is not null && System.Text.Ascii.Equals(bytes, last) ? last : last = System.Text.Encoding.Latin1.GetString(bytes);

    private static async Task CopyBodyAsync(HttpResponse response, UpstreamConnection connection, BodyEnd end)
    {
        if (end.IsReached && response.ContentLength is null)
        {
            throw new InvalidDataException("An answer that ends with its connection is not carried in this mode.");
        }

        while (!end.IsReached)
        {
            if (connection.Arrived.IsEmpty)
            {
                await connection.ReadAsync();
            }

            var used = end.Step(connection.Arrived.Span, out var data);
            if (data > 0)
            {
                await response.Body.WriteAsync(connection.Arrived[(used - data)..used]);
            }

            connection.Take(used);
        }
    }
}
