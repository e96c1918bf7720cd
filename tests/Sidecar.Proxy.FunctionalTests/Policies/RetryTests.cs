using System.Diagnostics;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Policies;

/// <summary>Retries that help, and the ones that must never happen; judged by what reached the upstream.</summary>
public abstract class RetryTests(ProxyKind kind) : ProxySuite(kind)
{
    private const string GatewayError = "retry: { retryOn: [gateway-error], backoff: { base: 1ms, max: 1ms } }";

    [ProxyTheory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task ConnectFailure_AnyMethod_GoesToTheOtherDestination(string method)
    {
        using var closed = new ClosedPort();
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Ok(request.BodyText)));
        var proxy = await StartAsync(new TestDocument { Destinations = [closed.Address, upstream.Address], Cluster = "retryBudget: { ratio: 1, minPerSecond: 10 }" });

        for (var i = 0; i < 20; i++)
        {
            var response = await proxy.SendAsync(RequestWithBody(method, "/", $"body {i}"));
            Assert.Equal((200, $"body {i}"), (response.Status, response.BodyText));
            Assert.False(response.Has("x-sidecar-flags"));
        }

        Assert.Equal(20, upstream.Requests.Count);
        Assert.Contains(upstream.Requests, request => request.Attempt == 2);
    }

    [ProxyTheory]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task GatewayError_GetFailsOnce_ClientSees200AndTwoAttempts(int status)
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(status, "no"), () => Answer.Ok("yes")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, GatewayError));

        var response = await proxy.GetAsync("/a%2Fb", "x-request-id: r1");

        Assert.Equal((200, "yes"), (response.Status, response.BodyText));
        Assert.Equal([1, 2], upstream.Requests.Select(request => request.Attempt));
        Assert.All(upstream.Requests, request => Assert.Equal("/a%2Fb", request.Target));
        Assert.Equal(2, upstream.CountOf("r1"));
    }

    [ProxyTheory]
    [InlineData("[5xx]", 500)]
    [InlineData("[418]", 418)]
    [InlineData("[retriable-4xx]", 409)]
    public async Task RetryOn_EachStatusToken_MatchesItsStatus(string retryOn, int status)
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(status), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, $$"""retry: { retryOn: {{retryOn}} }"""));

        Assert.Equal(200, (await proxy.GetAsync()).Status);
        Assert.Equal(2, upstream.Requests.Count);
    }

    [ProxyTheory]
    [InlineData("[gateway-error]", 500)]
    [InlineData("[connect-failure, refused-stream, unsent, stale-connection]", 503)]
    [InlineData("[retriable-4xx]", 429)]
    public async Task RetryOn_OtherStatus_DoesNotMatch(string retryOn, int status)
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(status), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, $$"""retry: { retryOn: {{retryOn}} }"""));

        Assert.Equal(status, (await proxy.GetAsync()).Status);
        Assert.Single(upstream.Requests);
    }

    [ProxyFact]
    public async Task Reset_OfAGet_IsRepeatedWhereNamed()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Nothing.ThenReset(), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: { retryOn: [reset] }"));

        Assert.Equal(200, (await proxy.GetAsync()).Status);
        Assert.Equal(2, upstream.Requests.Count);
    }

    [ProxyTheory]
    [InlineData("status")]
    [InlineData("close")]
    [InlineData("reset")]
    [InlineData("timeout")]
    public async Task Post_OnceSent_IsNeverRepeated(string failure)
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Fail(failure), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, """
            timeouts: { perTry: 300ms }, retry: { maxRetries: 3, retryOn: [connect-failure, refused-stream, unsent, stale-connection, reset, gateway-error, 5xx, per-try-timeout] }
            """));

        var response = await proxy.PostAsync("pay", "x-request-id: once");

        Assert.Contains(response.Status, new[] { 502, 503, 504 });
        Assert.Equal(1, upstream.CountOf("once"));
    }

    [ProxyTheory]
    [InlineData("status")]
    [InlineData("close")]
    [InlineData("reset")]
    [InlineData("timeout")]
    public async Task Post_WithIdempotencyKey_IsRepeatedWithTheSameBody(string failure)
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Fail(failure), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { perTry: 1s }, retry: { retryOn: [gateway-error, reset, per-try-timeout] }"));
        var body = string.Concat(Enumerable.Range(0, 5_000).Select(i => $"{i},"));

        var response = await proxy.PostAsync(body, "idempotency-key: k1");

        Assert.Equal(200, response.Status);
        Assert.Equal(2, upstream.Requests.Count);
        Assert.All(upstream.Requests, request => Assert.Equal(body, request.BodyText));
        Assert.All(upstream.Requests, request => Assert.Equal("k1", request.Header("idempotency-key")));
    }

    [ProxyTheory]
    [InlineData(65_536, 2)]
    [InlineData(65_537, 1)]
    public async Task Body_UpToReplayBytes_IsRepeatedAndBeyondIsNot(int length, int attempts)
    {
        var upstream = Own(ScriptedUpstream.Answering(request => request.Attempt == 1 ? Answer.Status(503) : Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, GatewayError));

        var response = await proxy.PostAsync(new string('b', length), "idempotency-key: k1");

        Assert.Equal(attempts == 2 ? 200 : 503, response.Status);
        Assert.Equal(attempts, upstream.Requests.Count);
        Assert.All(upstream.Requests, request => Assert.Equal(length, request.Body.Length));
    }

    [ProxyFact]
    public async Task Body_Chunked_IsRepeatedWhole()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, GatewayError));

        var response = await proxy.SendAsync(Request("POST", "/", "transfer-encoding: chunked", "idempotency-key: k1") + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");

        Assert.Equal(200, response.Status);
        Assert.Equal(["abcde", "abcde"], upstream.Requests.Select(request => request.BodyText));
    }

    [ProxyFact]
    public async Task Body_NotYetFullyReceived_IsNotRepeated()
    {
        // HTTP/2 upstream: over HTTP/1.1 the platform's client reads no answer before it has sent the body.
        var calls = new List<Http2UpstreamCall>();
        var upstream = Own(RawHttp2Upstream.Running(calls, async (call, _) =>
        {
            await Patience.Await(call.Frames.ReadAsync(), "the first half of the body");
            await call.Frames.WriteHeadersAsync(call.StreamId, endStream: true, (":status", "503"));
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, GatewayError) with { Cluster = "protocol: http2" });
        using var client = proxy.Connect();

        await client.SendAsync(Request("PUT", "/", "content-length: 6", "idempotency-key: k1") + "abc");
        var response = await client.ReadResponseAsync();

        Assert.Equal(503, response.Status);
        Assert.Single(calls);
    }

    [ProxyTheory]
    [InlineData("idempotent", "PUT", 2)]
    [InlineData("idempotent", "DELETE", 2)]
    [InlineData("idempotent", "POST", 1)]
    [InlineData("safe", "PUT", 1)]
    [InlineData("safe", "OPTIONS", 2)]
    [InlineData("all", "POST", 2)]
    [InlineData("[POST]", "POST", 2)]
    [InlineData("[POST]", "GET", 1)]
    public async Task Methods_EachSetting_SaysWhatMayBeRepeated(string methods, string method, int attempts)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(503)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, $$"""retry: { retryOn: [gateway-error], methods: {{methods}} }"""));

        await proxy.SendAsync(RequestWithBody(method, "/", "x"));

        Assert.Equal(attempts, upstream.Requests.Count);
    }

    [ProxyFact]
    public async Task StaleConnection_Get_IsRepeatedOnAFreshConnection()
    {
        var upstream = Own(ScriptedUpstream.Answering(StaleOnSecondUse));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        await proxy.GetAsync("/warm-up");
        var response = await proxy.GetAsync("/", "x-request-id: stale");

        Assert.Equal(200, response.Status);
        Assert.Equal([(1, 1), (1, 2), (2, 1)], upstream.Requests.Select(request => (request.Connection, request.IndexOnConnection)));
        Assert.Equal([1, 1, 2], upstream.Requests.Select(request => request.Attempt));
    }

    [ProxyTheory]
    [InlineData("DELETE")]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task StaleConnection_OtherMethods_ReachTheUpstreamExactlyOnce(string method)
    {
        var upstream = Own(ScriptedUpstream.Answering(StaleOnSecondUse));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        await proxy.GetAsync("/warm-up");
        var response = await proxy.SendAsync(Request(method, "/", "x-request-id: stale", "content-length: 0"));

        Assert.Equal(502, response.Status);
        Assert.Contains("UC", response.Flags);
        Assert.Equal(1, upstream.CountOf("stale"));
    }

    [ProxyTheory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("HEAD")]
    public async Task HiddenRetriesOfTheHttpClient_AreOff(string method)
    {
        var upstream = Own(ScriptedUpstream.Answering(StaleOnSecondUse));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off"));

        await proxy.GetAsync("/warm-up");
        var response = await proxy.SendAsync(Request(method, "/", "x-request-id: stale"));

        Assert.Equal(502, response.Status);
        Assert.Equal(1, upstream.CountOf("stale"));
    }

    [ProxyFact]
    public async Task IdleConnectionClosedBefore_AnyMethod_SucceedsAtTheFirstTry()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Ok(request.BodyText)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        await proxy.GetAsync("/warm-up");
        upstream.CloseConnections();
        var response = await proxy.PostAsync("body", "x-request-id: fresh");

        // The FIN may or may not have been seen: unsent either way, or refused as sent. Never twice.
        Assert.True(response.Status is 200 or 502, $"{response.StartLine}");
        Assert.InRange(upstream.CountOf("fresh"), 0, 1);
    }

    [ProxyFact]
    public async Task Limit_Reached_IsFlaggedAndTheLastOutcomePasses()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Status(503, $"attempt {request.Attempt}")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: { maxRetries: 2, retryOn: [gateway-error], backoff: { base: 1ms, max: 1ms } }"));

        var response = await proxy.GetAsync();

        Assert.Equal((503, "attempt 3"), (response.Status, response.BodyText));
        Assert.Equal(["URX"], response.Flags);
        Assert.Equal([1, 2, 3], upstream.Requests.Select(request => request.Attempt));
    }

    [ProxyFact]
    public async Task Limit_ReachedByConnectFailures_IsFlaggedBesideThem()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address));

        var response = await proxy.GetAsync();

        Assert.Equal(502, response.Status);
        Assert.Equal(["URX", "UF"], response.Flags);
    }

    [ProxyFact]
    public async Task Budget_Exhausted_IsFlaggedAndTheOutcomePasses()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(503, "busy")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, GatewayError) with { Cluster = "retryBudget: { ratio: 0, minPerSecond: 0.2, window: 10s }" });

        // 0.2/s × 10 s: two retries, whatever the number of requests.
        var responses = new List<RawResponse>();
        for (var i = 0; i < 5; i++)
        {
            responses.Add(await proxy.GetAsync());
        }

        Assert.All(responses, response => Assert.Equal((503, "busy"), (response.Status, response.BodyText)));
        Assert.Equal(["URX", "URX", "RB", "RB", "RB"], responses.Select(response => Assert.Single(response.Flags)));
        Assert.Equal(5 + 2, upstream.Requests.Count);
        await proxy.WaitForMetricAsync(3, "sidecar_retries_total", ("outcome", "budget-exhausted"));
    }

    [ProxyFact]
    public async Task Budget_BelongsToTheCluster_AndIsSharedByItsRoutes()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(503)));
        var proxy = await StartAsync(TestDocument.Head + $$"""
            routes:
              one: { match: { path: "/one" }, cluster: app, policy: { {{GatewayError}} } }
              two: { match: { path: "/two" }, cluster: app, policy: { {{GatewayError}} } }
            clusters:
              app: { destinations: { a: { address: "{{upstream.Address}}" } }, retryBudget: { ratio: 0, minPerSecond: 0.1, window: 10s } }
            """);

        var one = await proxy.GetAsync("/one");
        var two = await proxy.GetAsync("/two");

        Assert.Equal(("URX", "RB"), (Assert.Single(one.Flags), Assert.Single(two.Flags)));
        Assert.Equal(3, upstream.Requests.Count);
    }

    [ProxyFact]
    public async Task RetryAfter_WithinTheLimit_DelaysTheRetry()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503, "", "retry-after: 1"), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: { retryOn: [gateway-error], retryAfterMax: 2s }"));
        var clock = Stopwatch.StartNew();

        var response = await proxy.GetAsync();

        Assert.Equal(200, response.Status);
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(980), TimeSpan.MaxValue);
    }

    [ProxyTheory]
    [InlineData("retry-after: 5")]
    [InlineData("retry-after: Fri, 31 Dec 9999 23:59:59 GMT")]
    public async Task RetryAfter_BeyondTheLimit_MeansNoRetry(string headerLine)
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503, "later", headerLine), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, GatewayError));

        var response = await proxy.GetAsync();

        Assert.Equal((503, "later"), (response.Status, response.BodyText));
        Assert.True(response.Has("retry-after"));
        Assert.Single(upstream.Requests);
    }

    [ProxyFact]
    public async Task RetryAfter_BeyondTheTimeLeft_MeansNoRetry()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503, "later", "retry-after: 3"), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 2s }, retry: { retryOn: [gateway-error], retryAfterMax: 10s }"));

        var response = await proxy.GetAsync();

        Assert.Equal((503, "later"), (response.Status, response.BodyText));
        Assert.Single(upstream.Requests);
    }

    [ProxyTheory]
    [InlineData("CB")]
    [InlineData("OV")]
    [InlineData("RL")]
    [InlineData("RB")]
    [InlineData("URX")]
    [InlineData("URX,UF")]
    public async Task Response_FlaggedByAnotherSidecar_IsNeverRepeated(string flags)
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503, "", $"x-sidecar-flags: {flags}"), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, GatewayError));

        var response = await proxy.GetAsync();

        Assert.Equal(503, response.Status);
        Assert.Single(upstream.Requests);
        Assert.Contains(flags.Split(',')[0], response.Flags);
    }

    [ProxyFact]
    public async Task PerTryTimeout_Named_IsRepeated()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Never, () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { perTry: 300ms }, retry: { retryOn: [per-try-timeout] }"));

        Assert.Equal(200, (await proxy.GetAsync()).Status);
        Assert.Equal(2, upstream.Requests.Count);
        Assert.NotEqual(upstream.Requests[0].Connection, upstream.Requests[1].Connection);
    }

    [ProxyFact]
    public async Task ConnectTimeout_IsAConnectFailure()
    {
        using var blackHole = new BlackHole();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(new TestDocument { Destinations = [blackHole.Address, upstream.Address], Policy = "timeouts: { connect: 200ms }" });

        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(200, (await proxy.PostAsync("x")).Status);
        }

        Assert.Equal(6, upstream.Requests.Count);
    }

    [ProxyFact]
    public async Task Response_Begun_IsNeverRepeated()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Start(200, "content-length: 10").ThenSend("01234").ThenReset(), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: { maxRetries: 3, methods: all, retryOn: [reset, stale-connection, 5xx] }"));

        var response = await proxy.GetAsync();

        Assert.False(response.IsComplete);
        Assert.Single(upstream.Requests);
    }

    [ProxyFact]
    public async Task Destination_OfTheFailedAttempt_IsAvoided()
    {
        var bad = Own(ScriptedUpstream.Answering(() => Answer.Status(503)));
        var good = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(new TestDocument { Destinations = [bad.Address, good.Address], Policy = GatewayError, Cluster = "retryBudget: { ratio: 1, minPerSecond: 10 }" });

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await proxy.GetAsync()).Status);
        }

        Assert.Equal(20, good.Requests.Count);
        Assert.All(bad.Requests, request => Assert.Equal(1, request.Attempt));
    }

    [ProxyFact]
    public async Task RefusedStream_Post_IsRepeated()
    {
        var calls = new List<Http2UpstreamCall>();
        var upstream = Own(RawHttp2Upstream.Running(calls, (call, _) => call.Header("x-attempt-count") == "1"
            ? call.Frames.WriteResetAsync(call.StreamId, Http2Error.RefusedStream)
            : call.Frames.WriteHeadersAsync(call.StreamId, endStream: true, (":status", "204"))));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http2" });

        var response = await proxy.PostAsync("body");

        Assert.Equal(204, response.Status);
        Assert.Equal(["1", "2"], calls.Select(call => call.Header("x-attempt-count")));
    }

    [ProxyFact]
    public async Task GoAway_BeforeOurStreamWasProcessed_IsRepeatedOnAFreshConnection()
    {
        var calls = new List<Http2UpstreamCall>();
        var upstream = Own(RawHttp2Upstream.Running(calls, async (call, connection) =>
        {
            if (call.Header("x-attempt-count") == "1")
            {
                await call.Frames.WriteGoAwayAsync(0, Http2Error.NoError);
                connection.Close();
            }
            else
            {
                await call.Frames.WriteHeadersAsync(call.StreamId, endStream: true, (":status", "204"));
            }
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http2" });

        var response = await proxy.SendAsync(Request("DELETE", "/"));

        Assert.Equal(204, response.Status);
        Assert.Equal([(1, "1"), (2, "2")], calls.Select(call => (call.Connection, call.Header("x-attempt-count"))));
    }

    [ProxyFact]
    public async Task StreamReset_AfterItWasAccepted_IsNotRepeatedForAPost()
    {
        var calls = new List<Http2UpstreamCall>();
        var upstream = Own(RawHttp2Upstream.Running(calls, (call, _) => call.Frames.WriteResetAsync(call.StreamId, Http2Error.Cancel)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: { retryOn: [refused-stream, reset] }") with { Cluster = "protocol: http2" });

        var response = await proxy.PostAsync("body");

        Assert.Equal(502, response.Status);
        Assert.Single(calls);
    }

    private static Answer Fail(string failure) => failure switch
    {
        "status" => Answer.Status(503),
        "close" => Answer.Nothing.ThenClose(),
        "reset" => Answer.Nothing.ThenReset(),
        _ => Answer.Never,
    };

    // The first connection answers once and then dies without a byte when it is used again.
    private static Answer StaleOnSecondUse(RecordedRequest request) =>
        request is { Connection: 1, IndexOnConnection: 2 } ? Answer.Nothing.ThenClose() : Answer.Ok();
}

/// <summary>In process.</summary>
public sealed class RetryManaged() : RetryTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class RetryNative() : RetryTests(ProxyKind.Native), INativeSuite;
