namespace Sidecar.Interception.Tests.Corpus;

/// <summary>The judge of the corpus judged: the list explains exactly what it says, and nothing beside it.</summary>
public sealed class AllowedChangesTests
{
    private static readonly SeenMessage Request = new()
    {
        Version = "HTTP/1.1",
        StartLine = [("method", "GET"), ("target", "/a%2Fb")],
        Headers = [("Host", "corpus.test"), ("X-Many", "1"), ("X-Many", "2"), ("Connection", "x-hop"), ("X-Hop", "h"), ("TE", "trailers")],
        Length = BodyLength.None,
        Body = [1, 2, 3],
        Trailers = [("X-Sum", "1")],
    };

    private static readonly SeenMessage Response = new()
    {
        Version = "HTTP/1.1",
        StartLine = [("status", "200"), ("reason", "Fine")],
        Headers = [("Content-Type", "text/plain"), ("ETag", "\"x\"")],
        Length = BodyLength.UntilClose,
        Body = [1, 2, 3],
        Interim = ["100", "103 | Link: </a>"],
    };

    private static readonly SeenMessage Http2Response = new()
    {
        Version = "HTTP/2",
        StartLine = [],
        Headers = [(":status", "200")],
        Length = BodyLength.Stream,
        Trailers = [("grpc-status", "0")],
    };

    [Fact]
    public void Unexplained_ChangesOfTheList_AreNone()
    {
        // Items 1, 3 and 4 on a request; 2, 4 and 5 on a response.
        AssertExplained(Request, Request with
        {
            StartLine = [("method", "get"), ("target", "/a%2Fb")],
            Headers = [("x-many", "1"), ("x-many", "2"), ("host", "corpus.test")],
            Trailers = [],
            Version = "HTTP/1.0",
        });
        AssertExplained(Response, Response with
        {
            Headers = [("etag", "\"x\""), ("content-type", "text/plain"), ("date", "now")],
            Interim = ["100"],
            Length = BodyLength.Chunked,
        });
        AssertExplained(Http2Response, Http2Response with { Headers = [(":status", "200"), ("date", "now")] });
    }

    [Fact]
    public void Unexplained_NamedHeaders_AreOnlyAWrittenRoutes()
    {
        var withId = Request with { Headers = [.. Request.Headers, ("x-request-id", "1"), ("x-attempt-count", "1")] };
        Assert.Empty(Differences(Request, withId, AddedHeaders.OfWrittenRoute));
        Assert.NotEmpty(Differences(Request, withId, AddedHeaders.None));
        Assert.NotEmpty(Differences(withId, Request, AddedHeaders.OfWrittenRoute));
    }

    [Fact]
    public void Unexplained_AnythingElse_IsNamed()
    {
        SeenMessage[] changed =
        [
            Request with { StartLine = [("method", "GET"), ("target", "/a/b")] },
            Request with { StartLine = [("method", "BREW"), ("target", "/a%2Fb")] },
            Request with { Headers = [.. Request.Headers, ("X-New", "")] },
            Request with { Headers = [.. Request.Headers.Where(header => header.Name != "Host")] },
            Request with { Headers = [("Host", "corpus.test"), ("X-Many", "2"), ("X-Many", "1")] },
            Request with { Headers = [("Host", "corpus.test"), ("X-Many", "1, 2")] },
            Request with { Headers = [.. Request.Headers, ("Date", "now")] },
            Request with { Body = [1, 2] },
            Request with { Length = BodyLength.Counted },
            Request with { IsComplete = false },
        ];
        Assert.All(changed, message => Assert.NotEmpty(Differences(Request, message, AddedHeaders.OfWrittenRoute)));
        Assert.NotEmpty(Differences(Response, Response with { StartLine = [("status", "200"), ("reason", "OK")] }, AddedHeaders.None));
        Assert.NotEmpty(Differences(Response, Response with { Interim = [] }, AddedHeaders.None));
        Assert.NotEmpty(Differences(Response with { Headers = [("date", "then")] }, Response with { Headers = [("date", "now")] }, AddedHeaders.None));
        Assert.NotEmpty(Differences(Response with { IsForHttp10 = true }, Response with { IsForHttp10 = true, Length = BodyLength.Chunked }, AddedHeaders.None));
        Assert.NotEmpty(Differences(Http2Response, Http2Response with { Trailers = [] }, AddedHeaders.None));
        Assert.NotEmpty(Differences(Http2Response, Http2Response with { Reset = "RST_STREAM 2" }, AddedHeaders.None));
    }

    private static void AssertExplained(SeenMessage direct, SeenMessage intercepted) => Assert.Equal([], Differences(direct, intercepted, AddedHeaders.None));

    private static IReadOnlyList<string> Differences(SeenMessage direct, SeenMessage intercepted, AddedHeaders added) =>
        AllowedChanges.Unexplained(RecordingOf(direct), RecordingOf(intercepted), added);

    private static Recording RecordingOf(SeenMessage message) => new(new Dictionary<string, object> { ["message 1"] = message }, new Dictionary<string, object>());
}
