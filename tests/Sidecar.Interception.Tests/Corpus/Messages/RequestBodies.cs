using static Sidecar.Interception.Tests.Corpus.Messages.Exchange;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>Bodies of requests, and what may happen around them.</summary>
internal static class RequestBodies
{
    private static readonly (string Name, string Coding)[] Chunkings =
    [
        ("one-chunk", Chunk("hello") + "0\r\n\r\n"),
        ("many-chunks", string.Concat(Enumerable.Range(1, 50).Select(i => Chunk(new string((char)('a' + (i % 26)), i)))) + "0\r\n\r\n"),
        ("empty", "0\r\n\r\n"),
        ("upper-case-size", "A\r\n0123456789\r\n0\r\n\r\n"),
        ("leading-zeros", "005\r\nhello\r\n000\r\n\r\n"),
        ("extension", "5;name=value\r\nhello\r\n0;last\r\n\r\n"),
        ("looks-like-an-end", Chunk("0\r\n\r\n") + "0\r\n\r\n"),
        ("trailers", Chunk("hello") + "0\r\nX-Sum: 5\r\nX-Other: t\r\n\r\n"),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        Of("request-body-counted", RequestWithBody("POST", "/body", "hello")),
        Of("request-body-form", RequestWithBody("POST", "/body", "a=1&b=%202", "Content-Type: application/x-www-form-urlencoded")),
        Of("request-body-multipart", RequestWithBody("POST", "/body", "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nx\r\n--b--\r\n", "Content-Type: multipart/form-data; boundary=b")),
        Of("request-body-json-charset", RequestWithBody("PUT", "/body", "{\"n\":\"R\u00c3\u00a9\"}", "Content-Type: application/json; charset=utf-8")),
        Of("request-body-content-type-odd", RequestWithBody("POST", "/body", "x", "Content-Type: not/a/type;;")),
        Of("request-body-content-encoding", RequestWithBody("POST", "/body", Noise(500), "Content-Encoding: gzip")),
        Of("request-body-all-bytes", RequestWithBody("POST", "/body", string.Concat(Enumerable.Range(0, 256).Select(i => (char)i)))),
        Of("request-body-looks-like-a-request", RequestWithBody("POST", "/body", Request("GET", "/smuggled"))),
        Of("request-body-64-KiB", RequestWithBody("PUT", "/body", Noise(64 * 1024))),
        Of("request-body-1-MB", RequestWithBody("PUT", "/body", Noise(1_000_000))),
        Of("request-body-length-leading-zeros", Request("POST", "/body", "Content-Length: 005") + "hello"),
        Of("request-body-digest", RequestWithBody("POST", "/body", "hello", "Digest: sha-256=LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==")),
        Of("request-body-allow-content-fields", RequestWithBody("PUT", "/body", "x", "Content-Language: de", "Content-Location: /there", "Content-Range: bytes 0-0/1", "Last-Modified: never", "Expires: 0", "Allow: GET")),
        .. Chunkings.Select(row => Of("request-body-chunked-" + row.Name, Request("POST", "/body", "Transfer-Encoding: chunked") + row.Coding)),
        Of("request-body-chunked-1-MB", Request("PUT", "/body", "Transfer-Encoding: chunked") + string.Concat(Enumerable.Repeat(Chunk(Noise(50_000)), 20)) + "0\r\n\r\n"),
        Of("request-body-chunked-GET", Request("GET", "/body", "Transfer-Encoding: chunked") + Chunk("odd but legal") + "0\r\n\r\n"),
        Of("request-body-chunked-upper-coding", Request("POST", "/body", "Transfer-Encoding: Chunked") + Chunk("hello") + "0\r\n\r\n"),
        InPieces,
        SlowlyWhileTheServerWatches,
        AnsweredBeforeTheBody,
        Continue("expect-continue", Http1.ReadBody),
        Continue("expect-continue-spelled-otherwise", Http1.ReadBody, expectation: "100-Continue"),
        ContinueAtOnce,
        ContinueRefused,
        ContinueNotSaid,
    ];

    private static CorpusMessage InPieces => new(
        "request-body-in-pieces",
        CorpusProtocol.Http1,
        [.. RequestWithBody("POST", "/pieces", "piece by piece").Chunk(7).Select(piece => Talk.Send(new string(piece))), Http1.ReadResponse("POST")],
        [Http1.ReadBody, Talk.Send(Ok)]);

    // The first half must reach the server before the client sends the second: no proxy may wait for the whole body.
    private static CorpusMessage SlowlyWhileTheServerWatches => new(
        "request-body-streamed",
        CorpusProtocol.Http1,
        [
            Talk.Send(Request("POST", "/streamed", "Content-Length: 10") + "first"), Talk.WaitFor("first half came"),
            Talk.Send("later"), Http1.ReadResponse("POST"),
        ],
        [Talk.Receive(5), Talk.Signal("first half came"), Talk.Receive(5), Talk.Send(Ok)]);

    // A refusal while the body is still on its way: the client must get it.
    private static CorpusMessage AnsweredBeforeTheBody => new(
        "request-body-answered-early",
        CorpusProtocol.Http1,
        [Talk.Send(Request("POST", "/early", "Content-Length: 10") + "first"), Http1.ReadResponse("POST"), Talk.Signal("answer read")],
        [Talk.Send(ResponseWithBody("413 Content Too Large", "no", "Connection: close")), Talk.WaitFor("answer read")]);

    private static CorpusMessage ContinueAtOnce => Of("expect-continue-body-at-once", RequestWithBody("POST", "/expect", "hello", "Expect: 100-continue"), Response("100 Continue") + Ok) with
    {
        Answers = [[Talk.Send(Response("100 Continue")), Http1.ReadBody, Talk.Send(Ok)]],
    };

    // The server says no before it saw a body; the client must hear that and not "continue".
    private static CorpusMessage ContinueRefused => new(
        "expect-continue-refused",
        CorpusProtocol.Http1,
        [Talk.Send(Request("PUT", "/expect", "Content-Length: 5", "Expect: 100-continue")), Http1.ReadResponse("PUT")],
        [Talk.Send(ResponseWithBody("417 Expectation Failed", "no", "Connection: close"))]);

    // A server that knows no expectations just answers.
    private static CorpusMessage ContinueNotSaid => new(
        "expect-continue-answered-without",
        CorpusProtocol.Http1,
        [Talk.Send(Request("PUT", "/expect", "Content-Length: 5", "Expect: 100-continue")), Http1.ReadResponse("PUT")],
        [Talk.Send(ResponseWithBody("401 Unauthorized", "who?", "WWW-Authenticate: Basic realm=\"r\"", "Connection: close"))]);

    private static CorpusMessage Continue(string id, Step readBody, string expectation = "100-continue") => new(
        id,
        CorpusProtocol.Http1,
        [
            Talk.Send(Request("POST", "/expect", "Content-Length: 5", "Expect: " + expectation)),
            Http1.ReadInterim,
            Talk.Send("hello"),
            Http1.ReadResponse("POST"),
        ],
        [Talk.Send(Response("100 Continue")), readBody, Talk.Send(Ok)]);
}
