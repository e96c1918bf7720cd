using static Sidecar.Interception.Tests.Corpus.Messages.Exchange;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>How long connections live: keep-alive, close, pipelining, HTTP/1.0.</summary>
internal static class Connections
{
    private static readonly Step[] AnswerOk = [Http1.ReadBody, Talk.Send(Ok)];
    private static readonly Step[] AnswerAndClose = [Http1.ReadBody, Talk.Send(ResponseWithBody("200 OK", "bye", "Connection: close")), Talk.Close];

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        KeepAlive("keep-alive-two", 2),
        KeepAlive("keep-alive-ten", 10),
        new("keep-alive-methods", CorpusProtocol.Http1,
            [
                Talk.Send(Request("HEAD", "/1")), Http1.ReadResponse("HEAD"),
                Talk.Send(RequestWithBody("POST", "/2", "body")), Http1.ReadResponse("POST"),
                Talk.Send(Request("GET", "/3")), Http1.ReadResponse(),
                Talk.Send(Request("PUT", "/4", "Transfer-Encoding: chunked") + Chunk("body") + "0\r\n\r\n"), Http1.ReadResponse("PUT"),
                Talk.Send(Request("DELETE", "/5")), Http1.ReadResponse("DELETE"),
            ],
            [Http1.ReadBody, Talk.Send(Response("200 OK", "Content-Length: 10"))],
            AnswerOk,
            [Http1.ReadBody, Talk.Send(Response("304 Not Modified"))],
            [Http1.ReadBody, Talk.Send(Response("200 OK", "Transfer-Encoding: chunked") + Chunk("x") + "0\r\n\r\n")],
            [Http1.ReadBody, Talk.Send(Response("204 No Content"))]),
        new("keep-alive-hosts", CorpusProtocol.Http1,
            [
                Talk.Send(Request("GET", "/1", "Host: a.test")), Http1.ReadResponse(),
                Talk.Send(Request("GET", "/2", "Host: b.test:81")), Http1.ReadResponse(),
            ],
            AnswerOk,
            AnswerOk),
        new("keep-alive-server-closes-between", CorpusProtocol.Http1,
            [Talk.Send(Request("GET", "/1", "Connection: close")), Http1.ReadResponse(), Talk.ReceiveToEnd],
            AnswerAndClose),
        new("keep-alive-explicit", CorpusProtocol.Http1,
            [
                Talk.Send(Request("GET", "/1", "Connection: keep-alive")), Http1.ReadResponse(),
                Talk.Send(Request("GET", "/2", "Connection: Keep-Alive")), Http1.ReadResponse(),
            ],
            AnswerOk,
            AnswerOk),
        Pipelined("pipelined-two", 2),
        Pipelined("pipelined-twenty", 20),
        new("pipelined-body-then-get", CorpusProtocol.Http1,
            [Talk.Send(RequestWithBody("POST", "/1", "body") + Request("GET", "/2")), Http1.ReadResponse("POST"), Http1.ReadResponse()],
            AnswerOk,
            AnswerOk),
        new("close-asked-by-client", CorpusProtocol.Http1,
            [Talk.Send(Request("GET", "/1", "Connection: close")), Http1.ReadResponse(), Talk.ReceiveToEnd],
            AnswerAndClose),
        new("close-asked-in-a-list", CorpusProtocol.Http1,
            [Talk.Send(Request("GET", "/1", "Connection: x-hop, Close", "X-Hop: 1")), Http1.ReadResponse(), Talk.ReceiveToEnd],
            AnswerAndClose),
        new("close-asked-with-a-body", CorpusProtocol.Http1,
            [Talk.Send(RequestWithBody("POST", "/1", "body", "Connection: close")), Http1.ReadResponse("POST"), Talk.ReceiveToEnd],
            AnswerAndClose),
        new("close-asked-chunked", CorpusProtocol.Http1,
            [Talk.Send(Request("GET", "/1", "Connection: close")), Http1.ReadResponse(), Talk.ReceiveToEnd],
            [Http1.ReadBody, Talk.Send(Response("200 OK", "Transfer-Encoding: chunked", "Connection: close") + Chunk("bye") + "0\r\n\r\n"), Talk.Close]),
        new("half-close-after-request", CorpusProtocol.Http1,
            [Talk.Send(Request("GET", "/1", "Connection: close")), Talk.HalfClose, Http1.ReadResponse(), Talk.ReceiveToEnd],
            AnswerAndClose),
        new("half-close-after-body", CorpusProtocol.Http1,
            [Talk.Send(RequestWithBody("POST", "/1", "body", "Connection: close")), Talk.HalfClose, Http1.ReadResponse("POST"), Talk.ReceiveToEnd],
            AnswerAndClose),
        Http10("http10-get", "GET /1 HTTP/1.0\r\nHost: corpus.test\r\n\r\n", ResponseWithBody("200 OK", "ok")),
        Http10("http10-get-no-host", "GET /1 HTTP/1.0\r\n\r\n", ResponseWithBody("200 OK", "ok")),
        Http10("http10-post", "POST /1 HTTP/1.0\r\nHost: corpus.test\r\nContent-Length: 4\r\n\r\nbody", ResponseWithBody("200 OK", "ok")),
        Http10("http10-head", "HEAD /1 HTTP/1.0\r\nHost: corpus.test\r\n\r\n", Response("200 OK", "Content-Length: 7")),
        Http10("http10-until-close", "GET /1 HTTP/1.0\r\nHost: corpus.test\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end"),
        Http10("http10-answer-in-http10", "GET /1 HTTP/1.1\r\nHost: corpus.test\r\nConnection: close\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        Http10("http10-answer-until-close", "GET /1 HTTP/1.1\r\nHost: corpus.test\r\nConnection: close\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nuntil the end"),
        Http10("http10-unknown-method", "BREW /1 HTTP/1.0\r\nHost: corpus.test\r\n\r\n", ResponseWithBody("200 OK", "ok")),
        new("http10-keep-alive", CorpusProtocol.Http1,
            [
                Talk.Send("GET /1 HTTP/1.0\r\nHost: corpus.test\r\nConnection: keep-alive\r\n\r\n"), Http1.ReadResponse(isHttp10: true),
                Talk.Send("GET /2 HTTP/1.0\r\nHost: corpus.test\r\nConnection: keep-alive\r\n\r\n"), Http1.ReadResponse(isHttp10: true),
            ],
            [Http1.ReadBody, Talk.Send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")],
            [Http1.ReadBody, Talk.Send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\ntwo")]),
    ];

    private static CorpusMessage KeepAlive(string id, int count) => new(
        id,
        CorpusProtocol.Http1,
        [.. Enumerable.Range(1, count).SelectMany(i => new[] { Talk.Send(Request("GET", $"/{i}", $"X-Number: {i}")), Http1.ReadResponse() })],
        [.. Enumerable.Range(1, count).Select(i => new[] { Http1.ReadBody, Talk.Send(ResponseWithBody("200 OK", $"answer {i}")) })]);

    private static CorpusMessage Pipelined(string id, int count) => new(
        id,
        CorpusProtocol.Http1,
        [Talk.Send(string.Concat(Enumerable.Range(1, count).Select(i => Request("GET", $"/{i}")))), .. Enumerable.Repeat(Http1.ReadResponse(), count)],
        [.. Enumerable.Range(1, count).Select(i => new[] { Http1.ReadBody, Talk.Send(ResponseWithBody("200 OK", $"answer {i}")) })]);

    // Without keep-alive the connection ends with the answer, which is how such a client knows its end.
    private static CorpusMessage Http10(string id, string request, string answer) => new(
        id,
        CorpusProtocol.Http1,
        [Talk.Send(request), Http1.ReadResponse(request.Split(' ')[0], request.Contains("HTTP/1.0", StringComparison.Ordinal)), Talk.ReceiveToEnd],
        [Http1.ReadBody, Talk.Send(answer), Talk.Close]);
}
