using System.Text;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>Calls of gRPC's shape: messages with a length, status in trailers, all four kinds.</summary>
internal static class GrpcCalls
{
    private static readonly (string Name, string Value)[] ResponseHead = [(":status", "200"), ("content-type", "application/grpc+proto"), ("grpc-encoding", "identity")];

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        Unary("grpc-unary", Finished("0")),
        Unary("grpc-unary-message-in-trailers", Finished("5", ("grpc-message", "not%20there"))),
        Unary("grpc-unary-details", Finished("3", ("grpc-message", ""), ("grpc-status-details-bin", "CAMSAm5v"))),
        Unary("grpc-unary-unavailable", Finished("14", ("grpc-message", "later"))),
        Unary("grpc-unary-metadata", Finished("0", ("x-trailer", "t"), ("x-trailer-bin", "AAEC")), ("x-meta", "m"), ("x-meta-bin", "AAEC/w"), ("x-meta", "n")),
        Unary("grpc-timeout-seconds", Finished("0"), ("grpc-timeout", "20S")),
        Unary("grpc-timeout-millis", Finished("0"), ("grpc-timeout", "30000m")),
        Unary("grpc-trailers-only", [Http2.ReadRest, Http2.Headers(true, [.. ResponseHead[..2], ("grpc-status", "12"), ("grpc-message", "no such method")])]),
        Unary("grpc-web-content-type", [Http2.ReadRest, Http2.Headers(true, (":status", "200"), ("content-type", "application/grpc-web+proto"), ("grpc-status", "0"))]),
        Unary("grpc-http-error", [Http2.ReadRest, Http2.Headers(false, (":status", "503"), ("content-type", "text/plain")), Http2.Data("down", isEnd: true)]),
        Unary("grpc-no-status", [Http2.ReadRest, Http2.Headers(false, ResponseHead), Http2.Data(Message("reply"), isEnd: true)]),
        Unary("grpc-reset", [Http2.ReadRest, Http2.Headers(false, ResponseHead), Http2.Data(Message("part")), Talk.WaitFor("never"), Http2.ResetStream(2)]) with
        {
            Client = [Http2.Open, Open(), Http2.Data(Message("ask"), isEnd: true), Http2.ReadHead, Http2.ReadData(9), Talk.Signal("never"), Http2.ReadRest],
        },
        new("grpc-server-stream", CorpusProtocol.Http2,
            [Http2.Open, Open(), Http2.Data(Message("ask"), isEnd: true), Http2.ReadHead, Http2.ReadData(8), Talk.Signal("1"), Http2.ReadData(16), Talk.Signal("2"), Http2.ReadRest],
            [
                Http2.ReadRest, Http2.Headers(false, ResponseHead), Http2.Data(Message("one")), Talk.WaitFor("1"), Http2.Data(Message("two")), Talk.WaitFor("2"),
                Http2.Headers(true, ("grpc-status", "0")),
            ]),
        new("grpc-client-stream", CorpusProtocol.Http2,
            [Http2.Open, Open(), Http2.Data(Message("one")), Talk.WaitFor("1"), Http2.Data(Message("two")), Talk.WaitFor("2"), Http2.Data("", isEnd: true), Http2.ReadRest],
            [
                Http2.ReadData(8), Talk.Signal("1"), Http2.ReadData(16), Talk.Signal("2"), Http2.ReadRest,
                Http2.Headers(false, ResponseHead), Http2.Data(Message("both")), Http2.Headers(true, ("grpc-status", "0")),
            ]),
        new("grpc-bidirectional", CorpusProtocol.Http2,
            [
                Http2.Open, Open(), Http2.ReadHead, Http2.Data(Message("one")), Http2.ReadData(8), Http2.Data(Message("two")), Http2.ReadData(16),
                Http2.Data("", isEnd: true), Http2.ReadRest,
            ],
            [
                Http2.Headers(false, ResponseHead), Http2.ReadData(8), Http2.Data(Message("ONE")), Http2.ReadData(16), Http2.Data(Message("TWO")), Http2.ReadRest,
                Http2.Headers(true, ("grpc-status", "0")),
            ]),
        new("grpc-bidirectional-server-ends-first", CorpusProtocol.Http2,
            [Http2.Open, Open(), Http2.Data(Message("one")), Http2.ReadRest],
            [Http2.ReadData(8), Http2.Headers(false, ResponseHead), Http2.Data(Message("enough")), Http2.Headers(true, ("grpc-status", "8"), ("grpc-message", "enough"))]),
        new("grpc-cancelled-by-client", CorpusProtocol.Http2,
            [Http2.Open, Open(), Http2.Data(Message("ask"), isEnd: true), Http2.ReadHead, Http2.ReadData(8), Http2.ResetStream(8), Talk.WaitFor("seen")],
            [Http2.ReadRest, Http2.Headers(false, ResponseHead), Http2.Data(Message("one")), Http2.ReadReset, Talk.Signal("seen")]),
    ];

    private static Step[] Finished(string status, params (string Name, string Value)[] trailers) =>
        [Http2.ReadRest, Http2.Headers(false, ResponseHead), Http2.Data(Message("reply")), Http2.Headers(true, [("grpc-status", status), .. trailers])];

    private static CorpusMessage Unary(string id, Step[] answer, params (string Name, string Value)[] metadata) =>
        new(id, CorpusProtocol.Http2, [Http2.Open, Open(metadata), Http2.Data(Message("ask"), isEnd: true), Http2.ReadRest], answer);

    private static Step Open(params (string Name, string Value)[] metadata) => Http2.Request(
        false,
        [
            (":method", "POST"), (":scheme", "http"), (":path", "/corpus.Echo/Say"), (":authority", "corpus.test"),
            ("content-type", "application/grpc+proto"), ("te", "trailers"), ("grpc-accept-encoding", "identity,gzip"), ("user-agent", "grpc-corpus/1"), .. metadata,
        ]);

    private static byte[] Message(string text) => GrpcFraming.Message(Encoding.ASCII.GetBytes(text));
}
