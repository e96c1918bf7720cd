using static Sidecar.Interception.Tests.Corpus.Messages.Exchange;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>Bodies of responses: how they end, and when they arrive.</summary>
internal static class ResponseBodies
{
    private const string Head = "HEAD";

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        Answered("response-body-empty", ResponseWithBody("200 OK", "")),
        Answered("response-body-all-bytes", ResponseWithBody("200 OK", string.Concat(Enumerable.Range(0, 256).Select(i => (char)i)))),
        Answered("response-body-1-MB", ResponseWithBody("200 OK", Noise(1_000_000))),
        Answered("response-body-looks-like-a-response", ResponseWithBody("200 OK", Ok)),
        Answered("response-body-chunked", Chunked("hello", "world")),
        Answered("response-body-chunked-empty", Chunked()),
        Answered("response-body-chunked-1-MB", Chunked([.. Enumerable.Range(0, 20).Select(_ => Noise(50_000))])),
        Answered("response-body-chunked-extension", Response("200 OK", "Transfer-Encoding: chunked") + "5;x=y\r\nhello\r\n0\r\n\r\n"),
        Answered("response-body-chunked-trailers", Response("200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum") + Chunk("hello") + "0\r\nX-Sum: 5\r\n\r\n"),
        Answered("response-body-chunked-looks-like-an-end", Chunked("0\r\n\r\n")),
        Answered("response-body-gzip-untouched", ResponseWithBody("200 OK", Noise(300), "Content-Encoding: gzip", "Vary: Accept-Encoding")),
        UntilClose("response-body-until-close", "all of it"),
        UntilClose("response-body-until-close-empty", ""),
        UntilClose("response-body-until-close-1-MB", Noise(1_000_000)),
        Answered("response-204", Response("204 No Content")),
        Answered("response-204-fields", Response("204 No Content", "ETag: \"x\"", "X-End: 1")),
        Answered("response-205", ResponseWithBody("205 Reset Content", "")),
        Answered("response-304", Response("304 Not Modified", "ETag: \"x\"")),
        Answered("response-304-length", Response("304 Not Modified", "ETag: \"x\"", "Content-Length: 1234", "Content-Type: text/html")),
        OfHead("head-length", Response("200 OK", "Content-Length: 1234", "Content-Type: text/plain")),
        OfHead("head-length-zero", Response("200 OK", "Content-Length: 0")),
        OfHead("head-length-64-bit", Response("200 OK", "Content-Length: 5000000000")),
        OfHead("head-length-largest", Response("200 OK", "Content-Length: 9223372036854775807")),
        OfHead("head-no-length", Response("200 OK", "Content-Type: text/plain")),
        OfHead("head-chunked", Response("200 OK", "Transfer-Encoding: chunked")),
        OfHead("head-404", Response("404 Not Found", "Content-Length: 9")),
        OfHead("head-204", Response("204 No Content")),
        OfHead("head-304", Response("304 Not Modified", "ETag: \"x\"")),
        OfHead("head-301", Response("301 Moved Permanently", "Location: /x", "Content-Length: 0")),
        Cut("response-cut-counted", Response("200 OK", "Content-Length: 100") + "only this", Talk.Close),
        Cut("response-cut-chunked", Response("200 OK", "Transfer-Encoding: chunked") + Chunk("only this"), Talk.Close),
        Cut("response-cut-in-a-chunk", Response("200 OK", "Transfer-Encoding: chunked") + "20\r\nonly this", Talk.Close),
        Cut("response-reset-counted", Response("200 OK", "Content-Length: 100") + "only this", Talk.Reset),
        Cut("response-reset-chunked", Response("200 OK", "Transfer-Encoding: chunked") + Chunk("only this"), Talk.Reset),
        NoAnswer("no-answer-closed", Talk.Close),
        NoAnswer("no-answer-reset", Talk.Reset),
        ServerSentEvents,
        ChunksAsTheyCome,
        HeadBeforeBody,
        InPieces,
    ];

    // The first event must be with the client before the server makes the second.
    private static CorpusMessage ServerSentEvents => new(
        "response-server-sent-events",
        CorpusProtocol.Http1,
        [
            Talk.Send(Request("GET", "/events", "Accept: text/event-stream")), Http1.ReadHead,
            Http1.ReadChunked(10), Talk.Signal("first"), Http1.ReadChunked(10), Talk.Signal("second"), Http1.ReadChunked(1),
        ],
        [
            Http1.ReadBody,
            Talk.Send(Response("200 OK", "Content-Type: text/event-stream", "Cache-Control: no-cache", "Transfer-Encoding: chunked") + Chunk("data: one\n")),
            Talk.WaitFor("first"), Talk.Send(Chunk("data: two\n")), Talk.WaitFor("second"), Talk.Send("0\r\n\r\n"),
        ]);

    private static CorpusMessage ChunksAsTheyCome => new(
        "response-streamed-json-lines",
        CorpusProtocol.Http1,
        [Talk.Send(Request("GET", "/watch")), Http1.ReadHead, Http1.ReadChunked(8), Talk.Signal(), Http1.ReadChunked(8)],
        [Http1.ReadBody, Talk.Send(Response("200 OK", "Transfer-Encoding: chunked") + Chunk("{\"n\":1}\n")), Talk.WaitFor(), Talk.Send(Chunk("{\"n\":2}\n") + "0\r\n\r\n")]);

    // Long polling: the head says that the request arrived, the body comes much later.
    private static CorpusMessage HeadBeforeBody => new(
        "response-head-before-body",
        CorpusProtocol.Http1,
        [Talk.Send(Request("GET", "/poll")), Http1.ReadHead, Talk.Signal(), Talk.Receive(5)],
        [Http1.ReadBody, Talk.Send(Response("200 OK", "Content-Length: 5")), Talk.WaitFor(), Talk.Send("later")]);

    private static CorpusMessage InPieces => new(
        "response-in-pieces",
        CorpusProtocol.Http1,
        [Talk.Send(Request("GET", "/pieces")), Http1.ReadResponse()],
        [Http1.ReadBody, .. Chunked("piece", "by", "piece").Chunk(9).Select(piece => Talk.Send(new string(piece)))]);

    private static string Chunked(params string[] chunks) =>
        Response("200 OK", "Transfer-Encoding: chunked") + string.Concat(chunks.Select(Chunk)) + "0\r\n\r\n";

    private static CorpusMessage UntilClose(string id, string body) => new(
        id,
        CorpusProtocol.Http1,
        [Talk.Send(Request("GET", "/close")), Http1.ReadResponse()],
        [Http1.ReadBody, Talk.Send(Response("200 OK", "Connection: close") + body), Talk.Close]);

    private static CorpusMessage OfHead(string id, string answer) => Of("response-" + id, Request(Head, "/head"), answer);

    // What was cut must look cut to the client. It has read the first bytes before the end comes, so that a reset cannot overtake them.
    private static CorpusMessage Cut(string id, string answer, Step end) => new(
        id,
        CorpusProtocol.Http1,
        [Talk.Send(Request("GET", "/cut")), Http1.ReadHead, Http1.SkipTo("only this"), Talk.Signal(), Http1.ReadCut],
        [Http1.ReadBody, Talk.Send(answer), Talk.WaitFor(), end]);

    // Refused or reset before the first byte is mirrored: the client sees the same end, and no HTTP.
    private static CorpusMessage NoAnswer(string id, Step end) => new(
        id,
        CorpusProtocol.Http1,
        [Talk.Send(RequestWithBody("POST", "/none", "once")), Talk.ReceiveToEnd],
        [Http1.ReadBody, end])
    { IsMirroredOnly = true };
}
