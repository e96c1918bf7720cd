using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Validation;

/// <summary>
/// Framing and identity: reject, never repair. Each row is refused with one of the statuses, the connection ends, the
/// upstream sees not a byte and the refusal is counted. Rows follow the classes of the request-smuggling literature:
/// framing (F), target and host (P), headers (H).
/// </summary>
public abstract class MalformedRequestTests(ProxyKind kind) : ProxySuite(kind)
{
    private const string Head = "POST / HTTP/1.1\r\nHost: app.test\r\n";

    /// <summary>Name, bytes, accepted statuses. The connection must end after each.</summary>
    public static TheoryData<string, string, int[]> Framing { get; } = new()
    {
        { "F1 CL.TE", Head + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", [400] },
        { "F2 TE.CL", Head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST", [400] },
        { "F3 TE xchunked", Head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", [400, 501] },
        { "F3 TE chunked, identity", Head + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", [400, 501] },
        { "F3 TE with vertical tab", Head + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", [400, 501] },
        { "F3 TE with space before colon", Head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", [400] },
        { "F4 TE chunked, chunked", Head + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", [400, 501] },
        { "F4 TE on two lines", Head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400, 501] },
        { "F4 TE with empty element", Head + "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", [400, 501] },
        { "F4 TE gzip, chunked", Head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", [400, 501] },
        { "F4 TE gzip", Head + "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n", [400, 501] },
        { "F5 TE in HTTP/1.0", "POST / HTTP/1.0\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400] },
        { "F6 Transfer_Encoding", Head + "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", [400] },
        { "F6 Content_Length", Head + "Content_Length: 99\r\nContent-Length: 1\r\n\r\nx", [400] },
        { "F7 CL hexadecimal", Head + "Content-Length: 0x3\r\n\r\nabc", [400] },
        { "F7 CL empty", Head + "Content-Length:\r\n\r\nabc", [400] },
        { "F7 CL list", Head + "Content-Length: 3, 3\r\n\r\nabc", [400] },
        { "F7 CL twice the same", Head + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", [400] },
        { "F7 CL twice different", Head + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", [400] },
        { "F7 CL beyond 64 bits", Head + "Content-Length: 18446744073709551619\r\n\r\nabc", [400] },
        { "F7 CL negative", Head + "Content-Length: -3\r\n\r\nabc", [400] },
        { "F14 line folding", Head + "X-A: 1\r\n folded\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F14 space before colon", Head + "X-A : 1\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F14 no colon", Head + "X-A\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F14 empty name", Head + ": 1\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F14 brackets in name", Head + "X[a]: 1\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F13 bare CR in value", Head + "X-A: 1\rEvil: 2\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F13 NUL in value", Head + "X-A: 1\0\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F13 control 0x01 in value", Head + "X-A: a\u0001b\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F13 control 0x1f in value", Head + "X-A: a\u001fb\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F13 DEL in value", Head + "X-A: a\u007fb\r\nContent-Length: 0\r\n\r\n", [400] },
        { "F16 unknown Expect", Head + "Expect: y 100-continue\r\nContent-Length: 1\r\n\r\nx", [417] },
        { "F18 HTTP/0.9", "GET /\r\n\r\n", [400, 505] },
        { "F18 HTTP/1.2", "GET / HTTP/1.2\r\nHost: app.test\r\n\r\n", [400, 505] },
        { "F18 HTTP/9.9", "GET / HTTP/9.9\r\nHost: app.test\r\n\r\n", [400, 505] },
        { "F18 http/1.1", "GET / http/1.1\r\nHost: app.test\r\n\r\n", [400, 505] },
        { "P2 NUL in path", "GET /a%00b HTTP/1.1\r\nHost: app.test\r\n\r\n", [400] },
        { "P2 raw NUL in path", "GET /a\0b HTTP/1.1\r\nHost: app.test\r\n\r\n", [400] },
        { "P2 space in target", "GET /a b HTTP/1.1\r\nHost: app.test\r\n\r\n", [400] },
        { "P2 control in query", "GET /?a\u0001b HTTP/1.1\r\nHost: app.test\r\n\r\n", [400] },
        { "P4 absolute target, other host", "GET http://evil.test/y HTTP/1.1\r\nHost: app.test\r\n\r\n", [400] },
        { "P4 absolute target with userinfo", "GET http://app.test@evil.test/ HTTP/1.1\r\nHost: app.test\r\n\r\n", [400] },
        { "P5 no Host", "GET / HTTP/1.1\r\n\r\n", [400] },
        { "P5 two Hosts", "GET / HTTP/1.1\r\nHost: app.test\r\nHost: evil.test\r\n\r\n", [400] },
        { "P5 empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", [400] },
        { "P5 userinfo in Host", "GET / HTTP/1.1\r\nHost: u@app.test\r\n\r\n", [400] },
        { "P5 port out of range", "GET / HTTP/1.1\r\nHost: app.test:99999\r\n\r\n", [400] },
        { "P5 space in Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", [400] },
        { "P5 slash in Host", "GET / HTTP/1.1\r\nHost: app.test/x\r\n\r\n", [400] },
        { "P6 CONNECT", "CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n", [501] },
        { "P3 target too long", "GET /" + new string('a', 70_000) + " HTTP/1.1\r\nHost: app.test\r\n\r\n", [414] },
        { "H headers too large", "GET / HTTP/1.1\r\nHost: app.test\r\nX-Big: " + new string('a', 70_000) + "\r\n\r\n", [431] },
        { "H too many headers", "GET / HTTP/1.1\r\nHost: app.test\r\n" + string.Concat(Enumerable.Range(0, 130).Select(i => $"X-{i}: 1\r\n")) + "\r\n", [431] },
        { "method with a control character", "G\u0001T / HTTP/1.1\r\nHost: app.test\r\n\r\n", [400] },
        { "TLS ClientHello", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n", [400] },
        { "binary noise", "\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\r\n\r\n", [400] },
    };

    /// <summary>Bad chunks: the head was good, so the upstream may have seen it, but no complete request.</summary>
    public static TheoryData<string, string> Chunks { get; } = new()
    {
        { "F8 chunk extension with bare LF", "2;\nxx\r\nxy\r\n0\r\n\r\n" },
        { "F8 chunk extension with bare CR", "2;\rxx\r\nxy\r\n0\r\n\r\n" },
        { "F10 size 0x3", "0x3\r\nabc\r\n0\r\n\r\n" },
        { "F10 size +3", "+3\r\nabc\r\n0\r\n\r\n" },
        { "F10 size beyond 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n" },
        { "F10 size with underscore", "0_2e\r\n" + "0\r\n\r\n" },
        { "F10 no CRLF after data", "3\r\nabcXX0\r\n\r\n" },
        { "F10 data overruns", "2\r\nabc\r\n0\r\n\r\n" },
        { "F10 empty size", "\r\nabc\r\n0\r\n\r\n" },
    };

    /// <summary>What Kestrel normalises before we see it: forwarded, but in one unambiguous form.</summary>
    public static TheoryData<string, string> Normalised { get; } = new()
    {
        { "F7 CL +3", Head + "Content-Length: +3\r\n\r\nabc" },
        { "F7 CL 003", Head + "Content-Length: 003\r\n\r\nabc" },
        { "F9 bare chunk extension", Head + "Transfer-Encoding: chunked\r\n\r\n3;\r\nabc\r\n0\r\n\r\n" },
        { "F11 forbidden trailers", Head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nContent-Length: 99\r\nHost: evil.test\r\nAuthorization: x\r\n\r\n" },
    };

    [ProxyTheory]
    [MemberData(nameof(Framing))]
    public async Task Request_Malformed_IsRefusedCountedAndEndsTheConnection(string name, string bytes, int[] statuses)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        // What follows on the connection must never be executed.
        await SendIgnoringResetAsync(client, bytes + Request("GET", "/smuggled"));
        var response = await client.ReadResponseAsync();

        Assert.True(statuses.Contains(response.Status), $"{name}: {response.StartLine}");
        await client.WaitForEndAsync();
        Assert.Equal(0, upstream.BytesReceived);
        await proxy.WaitForMetricAsync(1, "sidecar_refused_total", ("flag", "BR"));
        Assert.Equal(1, (await proxy.MetricsAsync()).Sum("sidecar_refused_total", ("flag", "BR")));
    }

    [ProxyTheory]
    [MemberData(nameof(Chunks))]
    public async Task Chunks_Malformed_AreNeverCompletedUpstream(string name, string chunks)
    {
        var completed = 0;
        var upstream = Own(ScriptedUpstream.Answering(_ =>
        {
            Interlocked.Increment(ref completed);
            return Answer.Ok();
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await SendIgnoringResetAsync(client, Head + "Transfer-Encoding: chunked\r\n\r\n" + chunks + Request("GET", "/smuggled"));
        var response = await ReadUnlessResetAsync(client);

        Assert.True(response is null or { Status: 400 }, $"{name}: {response?.StartLine}");
        await client.WaitForEndAsync();
        Assert.Equal(0, completed);
        Assert.DoesNotContain(upstream.Requests, request => request.Target == "/smuggled");
    }

    [ProxyTheory]
    [MemberData(nameof(Normalised))]
    public async Task Request_OfAnotherSpelling_ReachesTheUpstreamInOneUnambiguousForm(string name, string bytes)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var response = await proxy.SendAsync(bytes);

        Assert.True(response.Status is 200 or 400, $"{name}: {response.StartLine}");
        if (response.Status == 200)
        {
            var request = Assert.Single(upstream.Requests);
            Assert.Equal("abc", request.BodyText);
            Assert.Empty(request.TrailerLines);
            Assert.Equal(["app.test"], request.All("host"));
            Assert.Equal(request.IsChunked ? [] : ["3"], request.All("content-length"));
        }
    }

    [ProxyFact]
    public async Task Pipeline_GoodThenBad_AnswersTheGoodOneAndExecutesNothingAfter()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await SendIgnoringResetAsync(client, Request("GET", "/good") + "GET /bad HTTP/9.9\r\n\r\n" + Request("GET", "/after"));
        var good = await client.ReadResponseAsync();
        var bad = await client.ReadResponseAsync();
        await client.WaitForEndAsync();

        Assert.Equal(200, good.Status);
        Assert.Contains(bad.Status, new[] { 400, 505 });
        Assert.Equal(["/good"], upstream.Requests.Select(request => request.Target));
    }

    [ProxyFact]
    public async Task Body_LargerThanTheLimit_Is413()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "limits: { requestBody: 1KiB }" });

        var refused = await proxy.PostAsync(new string('x', 1_025));
        var accepted = await proxy.PostAsync(new string('x', 1_024));

        Assert.Equal((413, 200), (refused.Status, accepted.Status));
        Assert.Single(upstream.Requests);
    }

    [ProxyFact]
    public async Task Headers_NotFinishedInTime_EndTheConnection()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "limits: { headerTimeout: 1s }" });
        using var client = proxy.Connect();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: a");

        await client.WaitForEndAsync();
        Assert.Equal(0, upstream.BytesReceived);
    }

    [ProxyTheory]
    [InlineData("/admin/x", "/pub/../admin/x")]
    [InlineData("/admin/x", "/pub/%2e%2e/admin/x")]
    [InlineData("/admin/x", "/ADMIN/x")]
    [InlineData("/admin/x", "/%61dmin/x")]
    public async Task RouteForAPath_OtherSpellingsOfIt_CannotAvoidIt(string canonical, string spelling)
    {
        var admin = Own(ScriptedUpstream.Answering(() => Answer.Ok("admin")));
        var other = Own(ScriptedUpstream.Answering(() => Answer.Ok("other")));
        var proxy = await StartAsync(TestDocument.Head + $$"""
            routes:
              admin: { match: { path: "/admin/{**rest}" }, cluster: admin }
              other: { match: { path: "/{**rest}" }, cluster: other }
            clusters:
              admin: { destinations: { a: { address: "{{admin.Address}}" } } }
              other: { destinations: { a: { address: "{{other.Address}}" } } }
            """);

        Assert.Equal("admin", (await proxy.GetAsync(canonical)).BodyText);
        Assert.Equal("admin", (await proxy.GetAsync(spelling)).BodyText);
        Assert.Equal(spelling, admin.Requests[1].Target);
    }

    // The kernel resets a connection that is closed with unread bytes, and the answer in flight is lost with it.
    private static async Task<RawResponse?> ReadUnlessResetAsync(RawClient client)
    {
        try
        {
            return await client.ReadResponseAsync();
        }
        catch (IOException error) when (error is not EndOfStreamException)
        {
            return null;
        }
    }

    // A refusal may come before everything was sent.
    private static async Task SendIgnoringResetAsync(RawClient client, string bytes)
    {
        try
        {
            await client.SendAsync(bytes);
        }
        catch (IOException)
        {
        }
    }
}

/// <summary>In process.</summary>
public sealed class MalformedRequestManaged() : MalformedRequestTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class MalformedRequestNative() : MalformedRequestTests(ProxyKind.Native), INativeSuite;
