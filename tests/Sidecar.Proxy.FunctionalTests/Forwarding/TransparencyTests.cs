using System.Security.Cryptography;
using System.Text;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Forwarding;

/// <summary>What goes in comes out: only the closed list of PRODUCT §4 may differ.</summary>
public abstract class TransparencyTests(ProxyKind kind) : ProxySuite(kind)
{
    // Everything this proxy adds to a request on a reverse route; nothing else may appear.
    private static readonly string[] AddedHeaders =
        ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "x-attempt-count", "x-request-timeout-ms", "traceparent", "tracestate"];

    [ProxyFact]
    public async Task Get_Plain_ArrivesAndReturns()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Status(200, "hello", "x-upstream: yes"));

        var response = await proxy.GetAsync("/orders/1?a=b", "x-caller: yes");

        Assert.Equal((200, "hello", "yes"), (response.Status, response.BodyText, response.Header("x-upstream")));
        Assert.True(response.IsComplete);
        Assert.False(response.Has("x-sidecar-flags"));
        Assert.False(response.Has("server"));
        var request = Assert.Single(upstream.Requests);
        Assert.Equal(("GET", "/orders/1?a=b", "yes"), (request.Method, request.Target, request.Header("x-caller")));
        Assert.Equal("HTTP/1.1", request.StartLine.Split(' ')[2]);
    }

    [ProxyFact]
    public async Task Request_Minimal_GetsOnlyTheDocumentedHeaders()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync();

        var added = upstream.Requests[0].Headers.Select(header => header.Name.ToLowerInvariant()).Where(name => name != "host" && !AddedHeaders.Contains(name));
        Assert.Empty(added);
        Assert.Equal(upstream.Requests[0].Headers.Count, upstream.Requests[0].Headers.Select(header => header.Name.ToLowerInvariant()).Distinct().Count());
    }

    [ProxyFact]
    public async Task Response_Minimal_GetsOnlyADate()
    {
        var (_, proxy) = await StartAsync(() => Answer.Ok());

        var response = await proxy.GetAsync();

        Assert.Equal(["content-length", "date"], response.Headers.Select(header => header.Name.ToLowerInvariant()).Order());
    }

    [ProxyTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(5_000_003)]
    public async Task Post_CountedBody_ArrivesAndReturnsUnchanged(int length)
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Counted(200, request.Body)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        var body = RandomNumberGenerator.GetBytes(length);
        using var client = proxy.Connect();

        await client.SendAsync(Request("POST", "/", $"content-length: {length}"));
        await client.SendAsync(body);
        var response = await client.ReadResponseAsync();

        Assert.Equal(200, response.Status);
        Assert.Equal(Hash(body), Hash(upstream.Requests[0].Body));
        Assert.Equal(Hash(body), Hash(response.Body));
        Assert.Equal($"{length}", upstream.Requests[0].Header("content-length"));
        Assert.False(upstream.Requests[0].Has("transfer-encoding"));
    }

    [ProxyTheory]
    [InlineData(1, 1)]
    [InlineData(3, 70_000)]
    [InlineData(40, 65_536)]
    public async Task Post_ChunkedBody_ArrivesAndReturnsUnchanged(int chunks, int chunkLength)
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Start(200, "transfer-encoding: chunked")
            .ThenSend($"{request.Body.Length:x}\r\n").ThenSend(request.Body).ThenSend("\r\n").ThenLastChunk()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        var body = RandomNumberGenerator.GetBytes(chunks * chunkLength);
        using var client = proxy.Connect();

        await client.SendAsync(Request("POST", "/", "transfer-encoding: chunked"));
        foreach (var chunk in body.Chunk(chunkLength))
        {
            await client.SendAsync($"{chunk.Length:x}\r\n");
            await client.SendAsync(chunk);
            await client.SendAsync("\r\n");
        }

        await client.SendAsync("0\r\n\r\n");
        var response = await client.ReadResponseAsync();

        Assert.Equal(Hash(body), Hash(upstream.Requests[0].Body));
        Assert.Equal(Hash(body), Hash(response.Body));
        Assert.True(upstream.Requests[0].IsChunked);
        Assert.False(upstream.Requests[0].Has("content-length"));
        Assert.True(response.IsChunked);
    }

    [ProxyFact]
    public async Task Response_EndedByClose_ArrivesWholeAndComplete()
    {
        var body = new string('z', 300_000);
        var (_, proxy) = await StartAsync(() => Answer.Start(200, "content-type: text/plain").ThenSend(body).ThenClose());

        var response = await proxy.GetAsync();

        Assert.Equal((true, body.Length), (response.IsComplete, response.Body.Length));
    }

    [ProxyFact]
    public async Task Head_ContentLength_IsKeptWithoutBody()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Start(200, "content-length: 1234"));

        var response = await proxy.SendAsync(Request("HEAD", "/"));

        Assert.Equal(("1234", "HEAD"), (response.Header("content-length"), upstream.Requests[0].Method));
    }

    [ProxyTheory]
    [InlineData(204)]
    [InlineData(304)]
    public async Task Response_WithoutBody_LeavesTheConnectionUsable(int status)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Start(status, "etag: \"x\""));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/1"));
        var first = await client.ReadResponseAsync();
        await client.SendAsync(Request("GET", "/2"));
        var second = await client.ReadResponseAsync();

        Assert.Equal((status, status, "\"x\""), (first.Status, second.Status, second.Header("etag")));
        Assert.Equal(["/1", "/2"], upstream.Requests.Select(request => request.Target));
    }

    [ProxyTheory]
    [InlineData("/a%2Fb")]
    [InlineData("/a%2fb/%252f")]
    [InlineData("/@scope%2fname")]
    [InlineData("//")]
    [InlineData("//a//b//")]
    [InlineData("/;x=1;y/..;/b")]
    [InlineData("/a/../b")]
    [InlineData("/a/./b/..")]
    [InlineData("/a/%2e%2e/b")]
    [InlineData("/%61dmin")]
    [InlineData("/A/b/")]
    [InlineData("/?q=%20+%2B&&x=/../%2F?")]
    [InlineData("/path?")]
    [InlineData("/~!$&'()*+,=:@")]
    public async Task Target_OfAnySpelling_ArrivesByteForByte(string target)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        var response = await proxy.GetAsync(target);

        Assert.Equal(200, response.Status);
        Assert.Equal(target, upstream.Requests[0].Target);
    }

    [ProxyTheory]
    [InlineData("/a\\b")]
    [InlineData("/%c0%ae%c0%ae/x")]
    [InlineData("/%e2%82%ac")]
    public async Task Target_OutsideTheGrammarOfPaths_ArrivesByteForByte(string target)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        var response = await proxy.GetAsync(target);

        Assert.Equal(200, response.Status);
        Assert.Equal(target, upstream.Requests[0].Target);
    }

    [ProxyTheory]
    [InlineData("app.test")]
    [InlineData("app.test:8080")]
    [InlineData("APP.Test")]
    [InlineData("127.0.0.1:1")]
    [InlineData("[::1]:80")]
    public async Task Host_IsKept(string host)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        var response = await proxy.GetAsync("/", $"Host: {host}");

        Assert.Equal((200, host), (response.Status, upstream.Requests[0].Header("host")));
    }

    [ProxyFact]
    public async Task Target_AbsoluteAndAgreeingWithHost_BecomesOriginForm()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        var response = await proxy.GetAsync("http://app.test/a%2Fb?x", "Host: app.test");

        Assert.Equal((200, "/a%2Fb?x", "app.test"), (response.Status, upstream.Requests[0].Target, upstream.Requests[0].Header("host")));
    }

    [ProxyFact]
    public async Task HeaderValues_Latin1AndUtf8Bytes_AreKeptBothWays()
    {
        // UTF-8 "é" is the two Latin-1 characters Ã and ©: bytes must survive, whatever they mean.
        const string Value = "caf\u00e9 \u00c3\u00a9 \u00ff";
        var (upstream, proxy) = await StartAsync(() => Answer.Status(200, "", "x-up: " + Value));

        var response = await proxy.GetAsync("/", "x-down: " + Value);

        Assert.Equal((200, Value, Value), (response.Status, upstream.Requests[0].Header("x-down"), response.Header("x-up")));
    }

    [ProxyFact]
    public async Task Headers_RepeatedAndEmpty_AreKeptInOrder()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Status(200, "", "set-cookie: a=1", "set-cookie: b=2", "x-empty:"));

        var response = await proxy.GetAsync("/", "x-many: 1", "x-other: o", "x-many: 2", "x-empty:", "cookie: a=1; b=2");

        Assert.Equal("1, 2", string.Join(", ", upstream.Requests[0].All("x-many")));
        Assert.Equal([""], upstream.Requests[0].All("x-empty"));
        Assert.Equal("a=1; b=2", upstream.Requests[0].Header("cookie"));
        Assert.Equal(["a=1", "b=2"], response.All("set-cookie"));
        Assert.Equal([""], response.All("x-empty"));
    }

    [ProxyFact]
    public async Task RequestHeaders_HopByHopAndNominated_AreRemoved()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync("/", "Connection: x-nominated", "x-nominated: 1", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: trailers", "x-kept: 1");

        var request = upstream.Requests[0];
        Assert.All(["x-nominated", "keep-alive", "proxy-connection", "upgrade"], name => Assert.False(request.Has(name), name));
        Assert.DoesNotContain(request.All("connection"), value => value.Contains("nominated", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("1", request.Header("x-kept"));
    }

    [ProxyFact]
    public async Task RequestHeaders_NominatedButOurs_AreStillSent()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync("/", "Connection: close, X-Forwarded-For, Host, X-Request-Id", "X-Forwarded-For: 203.0.113.7");

        var request = upstream.Requests[0];
        Assert.Equal("app.test", request.Header("host"));
        Assert.EndsWith("127.0.0.1", string.Join(", ", request.All("x-forwarded-for")), StringComparison.Ordinal);
        Assert.True(request.Has("x-request-id"));
    }

    [ProxyFact]
    public async Task ResponseHeaders_HopByHopAndNominated_AreRemoved()
    {
        var (_, proxy) = await StartAsync(() => Answer.Status(200, "", "Connection: x-nominated, keep-alive", "x-nominated: 1", "Keep-Alive: timeout=5", "Proxy-Connection: x", "x-kept: 1"));

        var response = await proxy.GetAsync();

        Assert.All(["x-nominated", "keep-alive", "proxy-connection"], name => Assert.False(response.Has(name), name));
        Assert.Equal("1", response.Header("x-kept"));
    }

    [ProxyFact]
    public async Task ForwardedHeaders_Absent_AreSet()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync("/", "Host: app.test:81");

        var request = upstream.Requests[0];
        Assert.Equal(("127.0.0.1", "http", "app.test:81"), (request.Header("x-forwarded-for"), request.Header("x-forwarded-proto"), request.Header("x-forwarded-host")));
    }

    [ProxyFact]
    public async Task ForwardedHeaders_Present_AppendForAndKeepTheOthers()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync("/", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example", "Forwarded: for=203.0.113.7");

        var request = upstream.Requests[0];
        Assert.Equal("203.0.113.7, 127.0.0.1", string.Join(", ", request.All("x-forwarded-for")));
        Assert.Equal(("https", "shop.example"), (request.Header("x-forwarded-proto"), request.Header("x-forwarded-host")));
        Assert.Equal("for=203.0.113.7", request.Header("forwarded"));
    }

    [ProxyTheory]
    [InlineData("a")]
    [InlineData("!~-visible_ASCII:{}")]
    public async Task RequestId_FromTheCallerAndValid_IsSentUpstream(string id)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync("/", $"x-request-id: {id}");

        Assert.Equal(id, upstream.Requests[0].Header("x-request-id"));
    }

    [ProxyFact]
    public async Task RequestId_OfTheLongestAllowedLength_IsSentUpstream()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());
        var id = new string('i', 128);

        await proxy.GetAsync("/", $"x-request-id: {id}");

        Assert.Equal(id, upstream.Requests[0].Header("x-request-id"));
    }

    [ProxyTheory]
    [InlineData("x-request-id: has space")]
    [InlineData("x-request-id: caf\u00e9")]
    [InlineData("x-request-id:")]
    [InlineData("x-other: none at all")]
    public async Task RequestId_MissingOrInvalid_IsReplacedByOurs(string headerLine)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync("/", headerLine);
        await proxy.GetAsync("/", headerLine);

        var ids = upstream.Requests.Select(request => request.Header("x-request-id")!).ToArray();
        Assert.All(ids, id => Assert.InRange(id.Length, 1, 128));
        Assert.All(ids, id => Assert.All(id, c => Assert.InRange(c, '!', '~')));
        Assert.NotEqual(ids[0], ids[1]);
    }

    [ProxyFact]
    public async Task RequestId_TooLong_IsReplacedByOurs()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync("/", "x-request-id: " + new string('i', 129));

        Assert.InRange(upstream.Requests[0].Header("x-request-id")!.Length, 1, 128);
    }

    [ProxyFact]
    public async Task OverrideHeaders_NotAllowedByTheRoute_AreRemoved()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.GetAsync("/", "x-sidecar-timeout: 1ms", "x-sidecar-retries: 9");

        Assert.DoesNotContain(upstream.Requests[0].Headers, header => header.Name.StartsWith("x-sidecar-", StringComparison.OrdinalIgnoreCase));
    }

    [ProxyFact]
    public async Task Body_Compressed_IsNeitherInflatedNorRelabelled()
    {
        byte[] body = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3];
        var (upstream, proxy) = await StartAsync(() => Answer.Counted(200, body, "content-encoding: gzip"));

        var response = await proxy.GetAsync();

        Assert.Equal(body, response.Body);
        Assert.Equal("gzip", response.Header("content-encoding"));
        Assert.False(upstream.Requests[0].Has("accept-encoding"));
    }

    [ProxyFact]
    public async Task Get_WithABody_IsForwardedAsOneRequest()
    {
        const string Smuggled = "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n";
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        var response = await proxy.SendAsync(RequestWithBody("GET", "/", Smuggled));

        Assert.Equal(200, response.Status);
        Assert.Equal(Smuggled, Assert.Single(upstream.Requests).BodyText);
    }

    [ProxyFact]
    public async Task Requests_Pipelined_AreAnsweredInOrder()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Ok(request.Target)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(string.Concat(Enumerable.Range(0, 50).Select(i => Request("GET", $"/{i}"))));

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal($"/{i}", (await client.ReadResponseAsync()).BodyText);
        }
    }

    [ProxyFact]
    public async Task Http10_Request_IsAnsweredAndTheConnectionCloses()
    {
        var (_, proxy) = await StartAsync(() => Answer.Ok("ten"));
        using var client = proxy.Connect();

        await client.SendAsync("GET / HTTP/1.0\r\nHost: app.test\r\n\r\n");
        var response = await client.ReadResponseAsync();

        Assert.Equal((200, "ten"), (response.Status, response.BodyText));
        Assert.Equal(ConnectionEnd.Closed, await client.WaitForEndAsync());
    }

    // In however many lines, beside whatever the server below looks for.
    [ProxyTheory]
    [InlineData("Connection: x-nominated")]
    [InlineData("Connection: keep-alive, x-nominated")]
    [InlineData("Connection: x-nominated, close")]
    [InlineData("Connection: x-nominated", "Connection: keep-alive")]
    [InlineData("Connection: keep-alive", "Connection: x-nominated")]
    [InlineData("Connection: close", "Connection: x-nominated")]
    [InlineData("Connection: X-Nominated , upgrade", "Upgrade: nothing")]
    public async Task Nomination_ByConnection_EndsTheFieldHere(params string[] headerLines)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        var response = await proxy.GetAsync("/", [.. headerLines, "x-nominated: 1", "x-other: 2"]);

        Assert.Equal(200, response.Status);
        Assert.False(upstream.Requests[0].Has("x-nominated"));
        Assert.Equal("2", upstream.Requests[0].Header("x-other"));
        Assert.DoesNotContain(upstream.Requests[0].All("connection"), value => value.Contains("nominated", StringComparison.OrdinalIgnoreCase));
    }

    [ProxyTheory]
    [InlineData("POST")]
    [InlineData("BREW")]
    [InlineData("GET", "content-type: text/plain")]
    [InlineData("PUT", "content-type: text/plain", "content-language: de")]
    public async Task Request_WithoutBodyAndLength_GetsNone(string method, params string[] headerLines)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        var response = await proxy.SendAsync(Request(method, "/", headerLines));

        Assert.Equal(200, response.Status);
        var request = Assert.Single(upstream.Requests);
        Assert.False(request.Has("content-length"));
        Assert.False(request.Has("transfer-encoding"));
        Assert.All(headerLines, line => Assert.Contains(request.HeaderLines, seen => seen.Equals(line, StringComparison.OrdinalIgnoreCase)));
    }

    [ProxyTheory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("BREW")]
    public async Task Request_OfLengthZero_SaysSo(string method)
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.SendAsync(Request(method, "/", "content-type: text/plain", "content-length: 0"));

        Assert.Equal("0", Assert.Single(upstream.Requests).Header("content-length"));
    }

    [ProxyFact]
    public async Task Request_WithoutBodyAndLength_RepeatedHasNoneEither()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503), () => Answer.Status(503), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: { maxRetries: 2, methods: [POST], retryOn: [gateway-error], backoff: { base: 1ms, max: 1ms } }"));

        var response = await proxy.SendAsync(Request("POST", "/"));

        Assert.Equal(200, response.Status);
        Assert.Equal(3, upstream.Requests.Count);
        Assert.All(upstream.Requests, request => Assert.False(request.Has("content-length") || request.Has("transfer-encoding")));
    }

    [ProxyFact]
    public async Task Route_ThatMatchesByHostPathMethodAndHeader_IsChosen()
    {
        var a = Own(ScriptedUpstream.Answering(() => Answer.Ok("a")));
        var b = Own(ScriptedUpstream.Answering(() => Answer.Ok("b")));
        var proxy = await StartAsync(TestDocument.Head + $$"""
            routes:
              special: { match: { hosts: ["shop.test"], path: "/Orders/{**rest}", methods: [GET], headers: [{ name: x-tier, values: [gold] }] }, cluster: a }
              rest: { match: { path: "/{**rest}" }, cluster: b }
            clusters:
              a: { destinations: { a: { address: "{{a.Address}}" } } }
              b: { destinations: { b: { address: "{{b.Address}}" } } }
            """);

        var exact = await proxy.GetAsync("/orders/%31", "Host: shop.test", "x-tier: gold");
        var otherHost = await proxy.GetAsync("/orders/1", "Host: other.test", "x-tier: gold");
        var otherHeader = await proxy.GetAsync("/orders/1", "Host: shop.test", "x-tier: tin");
        var otherMethod = await proxy.SendAsync(RequestWithBody("POST", "/orders/1", "", "Host: shop.test", "x-tier: gold"));

        Assert.Equal("abbb", exact.BodyText + otherHost.BodyText + otherHeader.BodyText + otherMethod.BodyText);
        Assert.Equal("/orders/%31", a.Requests[0].Target);
    }

    // The next rows are changes that PRODUCT §4 lists, or that the server below imposes; they end with an HTTP/1.1 path of
    // our own.

    [ProxyFact]
    public async Task Expected_Http1Trailers_AreDropped()
    {
        var (_, proxy) = await StartAsync(() => Answer.Start(200, "transfer-encoding: chunked", "trailer: x-sum").ThenChunk("data").ThenLastChunk("x-sum: 1"));

        var response = await proxy.GetAsync();

        Assert.Equal("data", response.BodyText);
        Assert.Empty(response.TrailerLines);
    }

    [ProxyFact]
    public async Task Expected_InterimResponses_AreDropped()
    {
        var (_, proxy) = await StartAsync(() => Answer.Raw("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").ThenSend("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));

        var response = await proxy.GetAsync();

        Assert.Equal((200, 0), (response.Status, response.Interim.Count));
    }

    [ProxyFact]
    public async Task Expected_StandardMethodInLowerCase_IsUpperCased()
    {
        var (upstream, proxy) = await StartAsync(() => Answer.Ok());

        await proxy.SendAsync(Request("get", "/"));
        await proxy.SendAsync(Request("Purge", "/"));

        Assert.Equal(["GET", "Purge"], upstream.Requests.Select(request => request.Method));
    }

    [ProxyFact]
    public async Task Expected_MissingDate_IsAdded()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Ok(), () => Answer.Status(200, "", "date: Thu, 01 Jan 1970 00:00:00 GMT")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var without = await proxy.GetAsync();
        var with = await proxy.GetAsync();

        Assert.NotNull(without.Header("date"));
        Assert.Equal("Thu, 01 Jan 1970 00:00:00 GMT", with.Header("date"));
    }

    private static string Hash(byte[] body) => Convert.ToHexString(SHA256.HashData(body));

    private async Task<(ScriptedUpstream Upstream, IProxyUnderTest Proxy)> StartAsync(Func<Answer> answer)
    {
        var upstream = Own(ScriptedUpstream.Answering(answer));
        return (upstream, await StartAsync(TestDocument.To(upstream.Address)));
    }
}

/// <summary>In process.</summary>
public sealed class TransparencyManaged() : TransparencyTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class TransparencyNative() : TransparencyTests(ProxyKind.Native), INativeSuite;
