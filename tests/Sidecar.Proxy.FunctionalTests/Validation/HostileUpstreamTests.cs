using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Validation;

/// <summary>Every byte of the upstream is hostile too: what is malformed is 502, what is cut is visibly broken, nothing leaks into the next answer.</summary>
public abstract class HostileUpstreamTests(ProxyKind kind) : ProxySuite(kind)
{
    /// <summary>Answers that are not HTTP, or HTTP of two meanings: 502.</summary>
    public static TheoryData<string, string> Malformed { get; } = new()
    {
        { "no HTTP at all", "220 smtp.test ESMTP\r\n\r\n" },
        { "HTTP/2.0 status line", "HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\nok" },
        { "status of two digits", "HTTP/1.1 20 OK\r\ncontent-length: 2\r\n\r\nok" },
        { "status 99", "HTTP/1.1 99 OK\r\ncontent-length: 2\r\n\r\nok" },
        { "status not a number", "HTTP/1.1 abc OK\r\ncontent-length: 2\r\n\r\nok" },
        { "CL and TE", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
        { "two different CL", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!" },
        { "CL negative", "HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok" },
        { "CL with plus", "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok" },
        { "CL not a number", "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok" },
        { "TE xchunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
        { "TE chunked, identity", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
        { "TE gzip, chunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
        { "header without colon", "HTTP/1.1 200 OK\r\nbroken\r\ncontent-length: 2\r\n\r\nok" },
        { "header name with space", "HTTP/1.1 200 OK\r\nx y: 1\r\ncontent-length: 2\r\n\r\nok" },
        { "header with empty name", "HTTP/1.1 200 OK\r\n: 1\r\ncontent-length: 2\r\n\r\nok" },
        { "header bomb", "HTTP/1.1 200 OK\r\nx-big: " + new string('a', 300_000) + "\r\ncontent-length: 2\r\n\r\nok" },
        { "101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n" },
    };

    /// <summary>Bodies that end too early: the caller must see that.</summary>
    public static TheoryData<string, string, bool> Cut { get; } = new()
    {
        { "counted body, FIN", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234", false },
        { "counted body, RST", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234", true },
        { "chunked body, FIN between chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n01234\r\n", false },
        { "chunked body, FIN in a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n01234", false },
        { "chunked body, RST", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n01234\r\n", true },
        { "chunked body, bad chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n01234\r\nzz\r\n", false },
        { "chunked body, cut trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\nx-a:", false },
    };

    [ProxyTheory]
    [MemberData(nameof(Malformed))]
    public async Task Answer_Malformed_Is502AndIsNotRepeated(string name, string bytes)
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Raw(bytes).ThenHold(), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 20s }"));

        var response = await proxy.GetAsync();

        Assert.True(response.Status == 502, $"{name}: {response.StartLine}");
        Assert.Equal(["UP"], response.Flags);
        Assert.Single(upstream.Requests);
    }

    [ProxyTheory]
    [MemberData(nameof(Cut))]
    public async Task Body_Cut_IsABrokenTransfer(string name, string bytes, bool byReset)
    {
        var delivered = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => byReset
            ? Answer.Raw(bytes).ThenWait(delivered.Task).ThenReset()
            : Answer.Raw(bytes).ThenClose()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/"));
        var response = await client.ReadHeadAsync();
        delivered.SetResult();
        await response.ReadBodyAsync(client.Reader, isHead: false, default);

        // Where head and defect came in one read, nothing was passed on yet and the truth can still be told.
        if (response.Status == 502)
        {
            Assert.Contains(Assert.Single(response.Flags), new[] { "UP", "UC" });
            return;
        }

        Assert.Equal(200, response.Status);
        Assert.False(response.IsComplete, name);
        Assert.True("01234".StartsWith(response.BodyText, StringComparison.Ordinal), $"{name}: {response.BodyText}");
    }

    [ProxyFact]
    public async Task Body_CutOverHttp2_ResetsTheStream()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234").ThenClose()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1" });
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);

        var result = await client.ExchangeAsync((":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/"));

        Assert.NotNull(result.Reset);
    }

    [ProxyFact]
    public async Task Bytes_AfterTheAnswer_NeverBecomeTheNextAnswer()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target == "/1"
            ? Answer.Raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison")
            : Answer.Ok("clean")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        await proxy.GetAsync("/1");
        var bodies = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            bodies.Add((await proxy.GetAsync("/2")).BodyText);
        }

        Assert.Equal(["clean", "clean", "clean"], bodies);
    }

    [ProxyTheory]
    [InlineData("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\nhello")]
    public async Task Answer_WithoutBodyByDefinition_IsRelayedWithoutBody(string bytes)
    {
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target == "/1" ? Answer.Raw(bytes) : Answer.Ok("clean")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/1"));
        var response = await client.ReadResponseAsync();
        await client.SendAsync(Request("GET", "/2"));
        var next = await client.ReadResponseAsync();

        Assert.Contains(response.Status, new[] { 204, 304 });
        Assert.Equal((200, "clean"), (next.Status, next.BodyText));
    }

    [ProxyFact]
    public async Task Head_WithABody_IsRelayedWithoutBody()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => request.Method == "HEAD"
            ? Answer.Raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfive!")
            : Answer.Ok("clean")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("HEAD", "/"));
        var head = await client.ReadResponseAsync(isHead: true);
        await client.SendAsync(Request("GET", "/"));
        var get = await client.ReadResponseAsync();

        Assert.Equal((200, "5"), (head.Status, head.Header("content-length")));
        Assert.Equal((200, "clean"), (get.Status, get.BodyText));
    }

    [ProxyTheory]
    [InlineData(100)]
    [InlineData(103)]
    public async Task InterimAnswers_Many_EndInTheFinalOneOrA502(int status)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Raw(string.Concat(Enumerable.Repeat($"HTTP/1.1 {status} Interim\r\n\r\n", 50))).ThenSend("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var response = await proxy.GetAsync();

        Assert.Contains(response.Status, new[] { 200, 502 });
    }

    [ProxyTheory]
    [InlineData("a\0b")]
    [InlineData("a\r\n b")]
    [InlineData("a\rb")]
    public async Task Expected_ControlsInAValue_AreRepairedByTheClientBelowAndNeverRelayed(string value)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(200, "ok", $"x-a: {value}")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var response = await proxy.GetAsync();

        Assert.Contains(response.Status, new[] { 200, 502 });
        Assert.DoesNotContain(System.Text.Encoding.Latin1.GetString(response.Head).Replace("\r\n", "", StringComparison.Ordinal), char.IsControl);
    }

    [ProxyFact]
    public async Task Status_Unknown_IsRelayed()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(999, "odd")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var response = await proxy.GetAsync();

        Assert.Equal((999, "odd"), (response.Status, response.BodyText));
    }

    [ProxyFact]
    public async Task Answer_BeforeTheBodyWasRead_IsRelayed()
    {
        var upstream = Own(ScriptedUpstream.Running(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\nno");
            await connection.WaitForPeerCloseAsync();
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var response = await proxy.PostAsync(new string('x', 2_000_000));

        Assert.Equal((401, "no"), (response.Status, response.BodyText));
    }
}

/// <summary>In process.</summary>
public sealed class HostileUpstreamManaged() : HostileUpstreamTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class HostileUpstreamNative() : HostileUpstreamTests(ProxyKind.Native), INativeSuite;
