using System.Text;

namespace Sidecar.Interception.Tests.Corpus;

/// <summary>Steps on HTTP/2 (h2c, prior knowledge); the same for both sides wherever the protocol is.</summary>
internal static class Http2
{
    /// <summary>Client: the preface and SETTINGS.</summary>
    public static Step Open => async side => side.Http2 = await Http2Connection.OpenAsync(side, isServer: false);

    /// <summary>Client: the same, the preface byte by byte.</summary>
    public static Step OpenInPieces => async side => side.Http2 = await Http2Connection.OpenAsync(side, isServer: false, prefacePieces: 1);

    /// <summary>Client: waits for SETTINGS that allow extended CONNECT, and writes down whether they did.</summary>
    public static Step WaitForConnectProtocol => async side =>
        side.Transcript.Set("connect protocol", await side.Http2!.AllowsConnectProtocol.WaitAsync(side.Cancellation) ? "allowed" : "not allowed");

    /// <summary>Client: opens a stream with these request headers.</summary>
    public static Step Request(bool isEnd, params (string Name, string Value)[] headers) => side =>
    {
        side.Http2Stream = side.Http2!.OpenStream();
        return side.Http2Stream.SendHeadersAsync(isEnd, headers);
    };

    /// <summary>Server: the response's headers. Either: trailers.</summary>
    public static Step Headers(bool isEnd, params (string Name, string Value)[] headers) => side => side.Http2Stream!.SendHeadersAsync(isEnd, headers);

    /// <summary>Body bytes.</summary>
    public static Step Data(string text, bool isEnd = false) => Data(Encoding.Latin1.GetBytes(text), isEnd);

    /// <summary>Body bytes.</summary>
    public static Step Data(byte[] bytes, bool isEnd = false) => side => side.Http2Stream!.SendDataAsync(isEnd, bytes);

    /// <summary>RST_STREAM.</summary>
    public static Step ResetStream(uint code) => side => side.Http2Stream!.SendResetAsync(code);

    /// <summary>Reads a header block, the stream staying open.</summary>
    public static Step ReadHead => side => ReadUntilAsync(side, seen => seen.Headers.Count > 0);

    /// <summary>Reads body bytes until there are so many altogether.</summary>
    public static Step ReadData(int total) => side => ReadUntilAsync(side, seen => seen.Body.Length >= total);

    /// <summary>Reads to the end of the stream, and writes down the whole message.</summary>
    public static Step ReadRest => async side =>
    {
        await ReadUntilAsync(side, _ => false);
        var seen = side.Http2Stream!.Seen!;
        if (side.Turn > 0)
        {
            side.Transcript.Set($"request {side.Turn}", seen);
        }
        else
        {
            side.Transcript.Add("response", seen);
        }
    };

    /// <summary>Client: remembers the stream under a name.</summary>
    public static Step KeepAs(string name) => side =>
    {
        side.Kept[name] = side.Http2Stream!;
        return Task.CompletedTask;
    };

    /// <summary>Client: the next steps are on a stream that was kept.</summary>
    public static Step GoBackTo(string name) => side =>
    {
        side.Http2Stream = side.Kept[name];
        return Task.CompletedTask;
    };

    /// <summary>Server: waits until the client resets the stream whose request ended long ago, and writes down how.</summary>
    public static Step ReadReset => async side =>
        side.Transcript.Set($"reset {side.Turn}", (await side.Http2Stream!.Events.ReadAsync(side.Cancellation)).Reset);

    /// <summary>Server: streams become turns.</summary>
    public static async Task ServeAsync(Side side)
    {
        side.Http2 = await Http2Connection.OpenAsync(side, isServer: true);
        var turns = new List<Task>();
        await foreach (var stream in side.Http2.Incoming.ReadAllAsync(side.Cancellation))
        {
            var turn = side.Conversation.NextTurn();
            turns.Add(side.Conversation.RunTurnAsync(side.On(stream, turn), turn));
        }

        await Task.WhenAll(turns);
    }

    private static async Task ReadUntilAsync(Side side, Func<SeenMessage, bool> isEnough)
    {
        var stream = side.Http2Stream!;
        stream.Seen ??= new SeenMessage { Version = "HTTP/2", StartLine = [], Headers = [], Length = BodyLength.Stream, IsComplete = false };
        while (!stream.Seen.IsComplete && stream.Seen.Reset.Length == 0 && !isEnough(stream.Seen))
        {
            var happened = await stream.Events.ReadAsync(side.Cancellation);
            stream.Seen = Apply(stream.Seen, happened);
        }
    }

    private static SeenMessage Apply(SeenMessage seen, Http2Event happened)
    {
        if (happened.Headers is { } headers)
        {
            var isInterim = headers is [(":status", ['1', _, _]), ..] && !happened.IsEnd;
            seen = isInterim ? seen with { Interim = [.. seen.Interim, string.Join(" | ", headers.Select(header => $"{header.Name}: {header.Value}"))] }
                : seen.Headers.Count == 0 ? seen with { Headers = headers }
                : seen with { Trailers = headers };
        }

        return seen with
        {
            Body = [.. seen.Body, .. happened.Data],
            Reset = happened.Reset,
            IsComplete = happened is { IsEnd: true, Reset: "" },
        };
    }
}
