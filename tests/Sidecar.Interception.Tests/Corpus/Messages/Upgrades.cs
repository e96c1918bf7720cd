using static Sidecar.Interception.Tests.Corpus.Messages.Exchange;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>WebSocket by hand and its refusals: after 101 the bytes are nobody's but the two ends'.</summary>
internal static class Upgrades
{
    private static readonly string[] WebSocket =
        ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"];

    private static readonly string Switching = Response("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        // One masked text frame, its echo, and the close handshake with code 1000.
        Upgraded("websocket-echo", WebSocket,
            [Talk.Send("\u0081\u0085\u0001\u0002\u0003\u0004\u0069\u0067\u006f\u0068\u006e"), Talk.Receive(7), Talk.Send("\u0088\u0082\u0000\u0000\u0000\u0000\u0003\u00e8"), Talk.ReceiveToEnd],
            [Talk.Receive(11), Talk.Send("\u0081\u0005hello"), Talk.Receive(8), Talk.Send("\u0088\u0002\u0003\u00e8"), Talk.Close]),
        Upgraded("websocket-protocols", [.. WebSocket, "Sec-WebSocket-Protocol: chat.v2, chat.v1", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", "Origin: http://a.test"],
            [Talk.Receive("\u0081\u0002hi"), Talk.Signal(), Talk.ReceiveToEnd],
            [Talk.Send("\u0081\u0002hi"), Talk.WaitFor(), Talk.Close]),
        Upgraded("websocket-spelled-otherwise", ["connection: keep-alive, upgrade", "upgrade: WebSocket", .. WebSocket[2..]],
            [Talk.Receive("\u0081\u0002hi"), Talk.Signal(), Talk.ReceiveToEnd],
            [Talk.Send("\u0081\u0002hi"), Talk.WaitFor(), Talk.Close]),
        Upgraded("websocket-server-first", WebSocket,
            [Talk.Receive(2000), Talk.Send("ok"), Talk.ReceiveToEnd],
            [Talk.Send(Noise(2000)), Talk.Receive(2), Talk.Close]),
        Upgraded("websocket-1-MB-each-way", WebSocket,
            [Talk.Send(Noise(1_000_000)), Talk.Receive(1_000_000), Talk.Send("end"), Talk.ReceiveToEnd],
            [Talk.Receive(1_000_000), Talk.Send(Noise(1_000_000)), Talk.Receive(3), Talk.Close]),
        Upgraded("websocket-not-really-frames", WebSocket,
            [Talk.Send("GET / HTTP/1.1\r\n\r\n"), Talk.Receive("HTTP/1.1 200 OK\r\n\r\n"), Talk.Send("."), Talk.ReceiveToEnd],
            [Talk.Receive("GET / HTTP/1.1\r\n\r\n"), Talk.Send("HTTP/1.1 200 OK\r\n\r\n"), Talk.Receive("."), Talk.Close]),
        Upgraded("websocket-reset-by-server", WebSocket,
            [Talk.Receive("hi"), Talk.Signal(), Http1.ReadCut],
            [Talk.Send("hi"), Talk.WaitFor(), Talk.Reset]),

        // Bytes that the server sent in one piece with its 101.
        new("websocket-first-frame-with-the-101", CorpusProtocol.Http1,
            [Talk.Send(Request("GET", "/ws", WebSocket)), Http1.ReadHead, Talk.Receive("\u0081\u0002hi"), Talk.Signal(), Talk.ReceiveToEnd],
            [Talk.Send(Switching + "\u0081\u0002hi"), Talk.WaitFor(), Talk.Close]),
        new("upgrade-any-protocol", CorpusProtocol.Http1,
            [
                Talk.Send(Request("GET", "/chat", "Connection: Upgrade", "Upgrade: chat/1")), Http1.ReadHead,
                Talk.Send("hi all\n"), Talk.Receive("welcome\n"), Talk.Signal(), Talk.ReceiveToEnd,
            ],
            [Talk.Send(Response("101 Switching Protocols", "Upgrade: chat/1", "Connection: Upgrade")), Talk.Receive("hi all\n"), Talk.Send("welcome\n"), Talk.WaitFor(), Talk.Close]),
        new("upgrade-by-post", CorpusProtocol.Http1,
            [
                Talk.Send(Request("POST", "/containers/1/attach?stream=1", "Connection: Upgrade", "Upgrade: tcp", "Content-Length: 0")), Http1.ReadHead,
                Talk.Send("ls\n"), Talk.Receive("file\n"), Talk.Signal(), Talk.ReceiveToEnd,
            ],
            [Talk.Send(Response("101 UPGRADED", "Content-Type: application/vnd.docker.raw-stream", "Connection: Upgrade", "Upgrade: tcp")), Talk.Receive("ls\n"), Talk.Send("file\n"), Talk.WaitFor(), Talk.Close]),
        Of("upgrade-any-protocol-refused", Request("GET", "/chat", "Connection: Upgrade", "Upgrade: chat/1")),
        Of("websocket-refused-426", Request("GET", "/ws", [.. WebSocket[..3], "Sec-WebSocket-Version: 1337"]), ResponseWithBody("426 Upgrade Required", "no", "Sec-WebSocket-Version: 13")),
        Of("websocket-refused-200", Request("GET", "/ws", WebSocket)),
        Of("websocket-refused-401", Request("GET", "/ws", WebSocket), ResponseWithBody("401 Unauthorized", "who?", "WWW-Authenticate: Basic realm=\"r\"")),

        // HTTP goes on after a refusal.
        new("websocket-refused-then-get", CorpusProtocol.Http1,
            [Talk.Send(Request("GET", "/ws", WebSocket)), Http1.ReadResponse(), Talk.Send(Request("GET", "/after")), Http1.ReadResponse()],
            [Http1.ReadBody, Talk.Send(ResponseWithBody("403 Forbidden", "no"))],
            [Http1.ReadBody, Talk.Send(Ok)]),
    ];

    private static CorpusMessage Upgraded(string id, string[] headerLines, Step[] client, Step[] server) => new(
        id,
        CorpusProtocol.Http1,
        [Talk.Send(Request("GET", "/ws?room=1", headerLines)), Http1.ReadHead, .. client],
        [Talk.Send(Switching), .. server]);
}
