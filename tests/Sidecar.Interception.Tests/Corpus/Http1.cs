namespace Sidecar.Interception.Tests.Corpus;

/// <summary>Steps on HTTP/1 messages.</summary>
internal static class Http1
{
    /// <summary>Server: reads the body of the request.</summary>
    public static Step ReadBody => async side =>
    {
        var isComplete = false;
        try
        {
            await side.Request!.ReadBodyAsync(side.Reader, side.Cancellation);
            isComplete = true;
        }
        finally
        {
            Record(side, isComplete);
        }
    };

    /// <summary>Client: reads a response to the end of its body, interim ones before it.</summary>
    /// <param name="method">HEAD has no body whatever its head says.</param>
    /// <param name="isHttp10">The request was one of HTTP/1.0.</param>
    public static Step ReadResponse(string method = "GET", bool isHttp10 = false) => async side =>
    {
        var interim = new List<RawResponse>();
        while (true)
        {
            var response = await ReadHeadAsync(side);
            if (response.Status is not 101 and < 200)
            {
                interim.Add(response);
                continue;
            }

            await response.ReadBodyAsync(side.Reader, method == "HEAD", side.Cancellation);
            side.Transcript.Add("response", SeenMessage.Of(response, method == "HEAD", isHttp10, interim));
            return;
        }
    };

    /// <summary>Client: reads one interim response and writes it down, as itself.</summary>
    public static Step ReadInterim => async side =>
        side.Transcript.Add("interim", SeenMessage.Of(await ReadHeadAsync(side), isHead: true, isForHttp10: false, []));

    /// <summary>Client: reads the response's head; what follows is read by other steps.</summary>
    public static Step ReadHead => async side =>
        side.Transcript.Add("head", SeenMessage.Of(await ReadHeadAsync(side), isHead: false, isForHttp10: false, []));

    /// <summary>Client: reads one chunk or more until so many bytes of the body came; chunk boundaries are the hop's.</summary>
    public static Step ReadChunked(int count) => async side =>
    {
        using var body = new MemoryStream();
        while (body.Length < count)
        {
            var line = await side.Reader.ReadThroughAsync("\r\n"u8.ToArray(), side.Cancellation) ?? throw new EndOfStreamException();
            var size = Convert.ToInt32(System.Text.Encoding.Latin1.GetString(line).Trim(), 16);
            body.Write(await side.Reader.ReadExactlyAsync(size, side.Cancellation));
            await side.Reader.ReadExactlyAsync(2, side.Cancellation);
            if (size == 0)
            {
                break;
            }
        }

        side.Transcript.Add("part", Printable.Of(body.ToArray()));
    };

    /// <summary>Client: reads until this text came, whatever the framing around it.</summary>
    public static Step SkipTo(string text) => side => side.Reader.ReadThroughAsync(System.Text.Encoding.Latin1.GetBytes(text), side.Cancellation);

    /// <summary>Client: reads to the end of a transfer that was cut; writes down only that it was, for FIN and RST both say so.</summary>
    public static Step ReadCut => async side =>
    {
        using var rest = new MemoryStream();
        try
        {
            while (await side.Reader.ReadSomeAsync(side.Cancellation) is { Length: > 0 } some)
            {
                rest.Write(some);
            }
        }
        catch (IOException)
        {
            // RST.
        }

        var text = System.Text.Encoding.Latin1.GetString(rest.ToArray());
        side.Transcript.Set("transfer", text.EndsWith("0\r\n\r\n", StringComparison.Ordinal) ? "seemed to end well" : "was cut");
    };

    /// <summary>Server: reads requests and plays the turns, connection by connection; ends when the client ends.</summary>
    public static async Task ServeAsync(Side side)
    {
        while (!side.IsEnded && await side.Reader.ReadThroughAsync("\r\n\r\n"u8.ToArray(), side.Cancellation) is { } head)
        {
            // RFC 9112 §2.2: an empty line before a request is ignored.
            var start = head.AsSpan().StartsWith("\r\n"u8) ? 2 : 0;
            var turn = side.Conversation.NextTurn();
            side.Request = new RecordedRequest(head[start..], connection: 0, turn);
            Record(side, isComplete: !side.Request.IsChunked && !side.Request.Has("content-length"));
            await side.Conversation.RunTurnAsync(side, turn);
        }

        if (!side.IsEnded)
        {
            side.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        }
    }

    // Written down when its head came, and again with its body: a turn that ignores the body leaves the first version.
    private static void Record(Side side, bool isComplete) =>
        side.Transcript.Set($"request {side.Request!.IndexOnConnection}", SeenMessage.Of(side.Request, isComplete));

    private static async Task<RawResponse> ReadHeadAsync(Side side) =>
        new(await side.Reader.ReadThroughAsync("\r\n\r\n"u8.ToArray(), side.Cancellation) ?? throw new EndOfStreamException());
}
