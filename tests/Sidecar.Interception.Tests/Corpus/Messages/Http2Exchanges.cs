namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>h2c with prior knowledge, frame by frame on both ends.</summary>
internal static class Http2Exchanges
{
    private static readonly (string Name, string Value)[] Ok = [(":status", "200"), ("content-type", "text/plain")];

    private static readonly (string Name, (string Name, string Value)[] Headers)[] RequestFields =
    [
        ("plain", []),
        ("repeated", [("x-many", "1"), ("x-many", "2")]),
        ("empty-value", [("x-empty", "")]),
        ("cookie-crumbs", [("cookie", "a=1"), ("cookie", "b=2")]),
        ("te-trailers", [("te", "trailers")]),
        ("latin1", [("x-name", "Ren\u00e9")]),
        ("long", [("x-long", new string('v', 8000))]),
        ("12-KB", [.. Enumerable.Range(1, 12).Select(i => ($"x-big-{i}", new string((char)('a' + i), 1000)))]),
        ("never-indexed", [("authorization", "Bearer secret")]),
        ("accept-encoding", [("accept-encoding", "gzip, deflate")]),
        ("priority", [("priority", "u=1")]),
        ("user-agent-odd", [("user-agent", "a (b; c")]),
    ];

    private static readonly string[] Targets = ["/", "/a%2Fb", "/a%252fb", "/a/../b", "//a", "/a;x=1?y=%20", "/caf%C3%A9", "/a?next=/b/../c"];

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        .. RequestFields.Select(row => Exchange("h2-request-field-" + row.Name, "GET", "/field", row.Headers)),
        .. Targets.Select((target, i) => Exchange($"h2-target-{i + 1}", "GET", target, [])),
        .. new[] { "HEAD", "OPTIONS", "DELETE", "PROPFIND", "BREW", "get" }.Select(method => Exchange($"h2-method-{method}", method, "/method", [])),
        Body("h2-body", "hello", "world"),
        Body("h2-body-40-KB", Messages.Exchange.Noise(40_000), Messages.Exchange.Noise(40_000)),
        Body("h2-body-empty", "", ""),
        Counted("h2-body-counted"),
        With("h2-status-204", [Http2.ReadRest, Http2.Headers(true, (":status", "204"))]),
        With("h2-status-304", [Http2.ReadRest, Http2.Headers(true, (":status", "304"), ("etag", "\"x\""))]),
        With("h2-status-404-headers-only", [Http2.ReadRest, Http2.Headers(true, (":status", "404"), ("content-length", "0"))]),
        With("h2-status-599", [Http2.ReadRest, Http2.Headers(false, (":status", "599")), Http2.Data("x", isEnd: true)]),
        With("h2-response-fields", [Http2.ReadRest, Http2.Headers(true, [.. Ok, ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-empty", ""), ("x-name", "Ren\u00e9")])]),
        With("h2-response-date", [Http2.ReadRest, Http2.Headers(true, [.. Ok, ("date", "Tue, 15 Nov 1994 08:12:31 GMT")])]),
        With("h2-response-trailers", [Http2.ReadRest, Http2.Headers(false, Ok), Http2.Data("body"), Http2.Headers(true, ("x-sum", "4"), ("x-more", "t"))]),
        With("h2-response-trailers-no-body", [Http2.ReadRest, Http2.Headers(false, Ok), Http2.Headers(true, ("x-sum", "0"))]),
        With("h2-response-interim-103", [Http2.ReadRest, Http2.Headers(false, (":status", "103"), ("link", "</a>")), Http2.Headers(true, Ok)]),
        With("h2-reset-before-headers", [Http2.ReadRest, Http2.ResetStream(2)]) with { IsMirroredOnly = true },
        With("h2-reset-refused", [Http2.ReadRest, Http2.ResetStream(11)]) with { IsMirroredOnly = true },
        ResetInBody,
        RequestTrailers,
        CancelledByClient,
        Conversation,
        AnswerBeforeRequestEnds,
        ManyOnOneConnection,
        InterleavedStreams,
        ExtendedConnect,
        PrefaceInPieces,
    ];

    private static CorpusMessage ResetInBody => new(
        "h2-reset-in-body",
        CorpusProtocol.Http2,
        [Http2.Open, Request("GET", "/", isEnd: true), Http2.ReadHead, Http2.ReadData(4), Talk.Signal(), Http2.ReadRest],
        [Http2.ReadRest, Http2.Headers(false, Ok), Http2.Data("some"), Talk.WaitFor(), Http2.ResetStream(2)]);

    private static CorpusMessage RequestTrailers => new(
        "h2-request-trailers",
        CorpusProtocol.Http2,
        [Http2.Open, Request("POST", "/", isEnd: false, ("te", "trailers")), Http2.Data("body"), Http2.Headers(true, ("x-sum", "4")), Http2.ReadRest],
        [Http2.ReadRest, Http2.Headers(true, Ok)]);

    // The server learns that the client went away.
    private static CorpusMessage CancelledByClient => new(
        "h2-cancelled-by-client",
        CorpusProtocol.Http2,
        [Http2.Open, Request("POST", "/", isEnd: false), Http2.Data("some"), Talk.WaitFor(), Http2.ResetStream(8), Talk.WaitFor("seen")],
        [Http2.ReadData(4), Talk.Signal(), Http2.ReadRest, Talk.Signal("seen")]);

    private static CorpusMessage Conversation => new(
        "h2-both-ways-at-once",
        CorpusProtocol.Http2,
        [
            Http2.Open, Request("POST", "/chat", isEnd: false), Http2.ReadHead,
            Http2.Data("one"), Http2.ReadData(3), Http2.Data("two"), Http2.ReadData(6), Http2.Data("", isEnd: true), Http2.ReadRest,
        ],
        [Http2.Headers(false, Ok), Http2.ReadData(3), Http2.Data("ONE"), Http2.ReadData(6), Http2.Data("TWO"), Http2.ReadRest, Http2.Data("", isEnd: true)]);

    private static CorpusMessage AnswerBeforeRequestEnds => new(
        "h2-answered-early",
        CorpusProtocol.Http2,
        [Http2.Open, Request("POST", "/early", isEnd: false), Http2.Data("some"), Http2.ReadRest],
        [Http2.ReadData(4), Http2.Headers(false, (":status", "413")), Http2.Data("no", isEnd: true)]);

    private static CorpusMessage ManyOnOneConnection => new(
        "h2-ten-in-turn",
        CorpusProtocol.Http2,
        [Http2.Open, .. Enumerable.Range(1, 10).SelectMany(i => new[] { Request("GET", $"/{i}", isEnd: true), Http2.ReadRest })],
        [.. Enumerable.Range(1, 10).Select(i => new[] { Http2.ReadRest, Http2.Headers(false, Ok), Http2.Data($"answer {i}", isEnd: true) })]);

    // The second stream is opened and answered while the first one waits.
    private static CorpusMessage InterleavedStreams => new(
        "h2-second-overtakes-first",
        CorpusProtocol.Http2,
        [
            Http2.Open, Request("GET", "/slow", isEnd: true), Http2.KeepAs("slow"), Talk.WaitFor("slow came"),
            Request("GET", "/fast", isEnd: true), Http2.ReadRest, Talk.Signal("fast read"), Http2.GoBackTo("slow"), Http2.ReadRest,
        ],
        [Http2.ReadRest, Talk.Signal("slow came"), Talk.WaitFor("fast read"), Http2.Headers(false, Ok), Http2.Data("slow", isEnd: true)],
        [Http2.ReadRest, Http2.Headers(false, Ok), Http2.Data("fast", isEnd: true)]);

    // WebSocket over HTTP/2, RFC 8441.
    private static CorpusMessage ExtendedConnect => new(
        "h2-websocket",
        CorpusProtocol.Http2,
        [
            Http2.Open, Http2.WaitForConnectProtocol,
            Http2.Request(false, (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/ws"), (":authority", "corpus.test"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat")),
            Http2.ReadHead, Http2.Data("\u0081\u0080\u0001\u0002\u0003\u0004"), Http2.ReadData(2), Http2.Data("", isEnd: true), Http2.ReadRest,
        ],
        [Http2.Headers(false, (":status", "200"), ("sec-websocket-protocol", "chat")), Http2.ReadData(6), Http2.Data("\u0081\u0000"), Http2.ReadRest, Http2.Data("", isEnd: true)]);

    // What tells HTTP/2 from anything else may come byte by byte.
    private static CorpusMessage PrefaceInPieces => new(
        "h2-preface-in-pieces",
        CorpusProtocol.Http2,
        [Http2.OpenInPieces, Request("GET", "/", isEnd: true), Http2.ReadRest],
        [Http2.ReadRest, Http2.Headers(true, Ok)]);

    private static CorpusMessage Exchange(string id, string method, string target, (string Name, string Value)[] headers) => new(
        id,
        CorpusProtocol.Http2,
        [Http2.Open, Request(method, target, isEnd: true, headers), Http2.ReadRest],
        [Http2.ReadRest, Http2.Headers(true, Ok)]);

    private static CorpusMessage Body(string id, string request, string response) => new(
        id,
        CorpusProtocol.Http2,
        [Http2.Open, Request("POST", "/body", isEnd: false), Http2.Data(request, isEnd: true), Http2.ReadRest],
        [Http2.ReadRest, Http2.Headers(false, Ok), Http2.Data(response, isEnd: true)]);

    private static CorpusMessage Counted(string id) => new(
        id,
        CorpusProtocol.Http2,
        [Http2.Open, Request("POST", "/body", isEnd: false, ("content-length", "5")), Http2.Data("hello", isEnd: true), Http2.ReadRest],
        [Http2.ReadRest, Http2.Headers(false, [.. Ok, ("content-length", "5")]), Http2.Data("world", isEnd: true)]);

    private static CorpusMessage With(string id, Step[] answer) =>
        new(id, CorpusProtocol.Http2, [Http2.Open, Request("GET", "/", isEnd: true), Http2.ReadRest], answer);

    private static Step Request(string method, string target, bool isEnd, params (string Name, string Value)[] headers) =>
        Http2.Request(isEnd, [(":method", method), (":scheme", "http"), (":path", target), (":authority", "corpus.test"), .. headers]);
}
