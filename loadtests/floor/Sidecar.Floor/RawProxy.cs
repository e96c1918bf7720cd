using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Sidecar.Floor;

/// <summary>HTTP/1.1 on both sides over raw sockets: head parsed, checked and written anew, body carried by its framing. The floor of the language.</summary>
internal static class RawProxy
{
    /// <summary>Serves one caller until it closes.</summary>
    public static async Task ServeAsync(Socket caller, UpstreamPool pool)
    {
        var buffer = new byte[16 * 1024];
        var answer = new byte[32 * 1024];
        var filled = 0;
        while (true)
        {
            int head;
            while ((head = Http1.HeadLength(buffer.AsSpan(0, filled))) == 0)
            {
                var read = await caller.ReceiveAsync(buffer.AsMemory(filled));
                if (read == 0)
                {
                    return;
                }

                filled += read;
            }

            var connection = pool.TryTake() ?? await pool.DialAsync();
            var isHead = buffer.AsSpan().StartsWith("HEAD "u8);
            var length = Http1.CopyHead(buffer.AsSpan(0, head), connection.Out, out var framing);

            // What has come of the body goes with the head when it fits.
            var end = new BodyEnd(framing);
            var taken = end.Advance(buffer.AsSpan(head, Math.Min(filled - head, connection.Out.Length - length)));
            length = Http1.Append(connection.Out, length, buffer.AsSpan(head, taken), default);
            filled = Keep(buffer, head + taken, filled);
            await connection.Socket.SendAsync(connection.Out.AsMemory(0, length));
            while (!end.IsReached)
            {
                filled = filled > 0 ? filled : await caller.ReceiveAsync(buffer);
                taken = filled > 0 ? end.Advance(buffer.AsSpan(0, filled)) : throw new IOException("The caller closed within its body.");
                await connection.Socket.SendAsync(buffer.AsMemory(0, taken));
                filled = Keep(buffer, taken, filled);
            }

            await AnswerAsync(caller, connection, answer, isHead);
            pool.GiveBack(connection);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask AnswerAsync(Socket caller, UpstreamConnection connection, byte[] answer, bool isHead)
    {
        int head;
        do
        {
            await connection.ReadAsync();
        }
        while ((head = Http1.HeadLength(connection.Arrived.Span)) == 0);

        var status = Http1.Status(connection.Arrived.Span);
        var length = Http1.CopyHead(connection.Arrived.Span[..head], answer, out var framing);
        connection.Take(head);
        var hasBody = !isHead && status is not (204 or 304);
        if (hasBody && framing is { Length: < 0, IsChunked: false })
        {
            throw new InvalidDataException("An answer that ends with its connection is not carried in this mode.");
        }

        var end = new BodyEnd(hasBody ? framing : new Framing(0, false));
        var taken = end.Advance(connection.Arrived.Span);
        length = Http1.Append(answer, length, connection.Arrived.Span[..taken], default);
        connection.Take(taken);
        await caller.SendAsync(answer.AsMemory(0, length));
        while (!end.IsReached)
        {
            await connection.ReadAsync();
            taken = end.Advance(connection.Arrived.Span);
            await caller.SendAsync(connection.Arrived[..taken]);
            connection.Take(taken);
        }
    }

    private static int Keep(byte[] buffer, int from, int filled)
    {
        buffer.AsSpan(from, filled - from).CopyTo(buffer);
        return filled - from;
    }
}
