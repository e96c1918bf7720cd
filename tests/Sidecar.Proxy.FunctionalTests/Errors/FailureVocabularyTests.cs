using System.Net;
using System.Text.Json;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Errors;

/// <summary>
/// Each flag as a caller meets it: status, header, problem document, access line; the gRPC forms stand in
/// <see cref="GrpcFailureTests"/>.
/// </summary>
public abstract class FailureVocabularyTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyFact]
    public async Task NR_NoRoute_Is404()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address) with { Match = "path: /only" });

        await AssertFailureAsync(proxy, "/other", 404, "NR", route: "");
    }

    [ProxyFact]
    public async Task UF_ConnectRefused_Is502()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address, "retry: off"));

        await AssertFailureAsync(proxy, "/", 502, "UF");
    }

    [ProxyFact]
    public async Task UC_UpstreamCloses_Is502()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Nothing.ThenClose()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off"));

        await AssertFailureAsync(proxy, "/", 502, "UC");
    }

    [ProxyFact]
    public async Task UC_UpstreamResets_Is502()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Nothing.ThenReset()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off"));

        await AssertFailureAsync(proxy, "/", 502, "UC");
    }

    [ProxyFact]
    public async Task UC_ResetBeforeTheRequestWasRead_Is502()
    {
        var upstream = Own(ScriptedUpstream.Running(connection =>
        {
            connection.Reset();
            return Task.CompletedTask;
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off"));

        var response = await proxy.GetAsync();

        // Whether the reset met the connect or the request is the kernel's choice.
        Assert.Equal(502, response.Status);
        Assert.Contains(Assert.Single(response.Flags), new[] { "UC", "UF" });
    }

    [ProxyFact]
    public async Task UP_UpstreamBreaksTheProtocol_Is502()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Raw("SSH-2.0-OpenSSH_9.2\r\n\r\n").ThenClose()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off"));

        await AssertFailureAsync(proxy, "/", 502, "UP");
    }

    [ProxyFact]
    public async Task UT_RequestTimeout_Is504()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Never));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 200ms }"));

        await AssertFailureAsync(proxy, "/", 504, "UT");
    }

    [ProxyFact]
    public async Task PT_PerTryTimeout_Is504()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Never));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off, timeouts: { perTry: 200ms }"));

        await AssertFailureAsync(proxy, "/", 504, "PT");
    }

    [ProxyFact]
    public async Task CB_CircuitOpen_Is503WithRetryAfter()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off, circuitBreaker: { consecutiveFailures: 1, open: { base: 60s } }"));
        await proxy.GetAsync();

        await AssertFailureAsync(proxy, "/", 503, "CB", hasRetryAfter: true);
    }

    [ProxyFact]
    public async Task UH_NoDestination_Is503()
    {
        var proxy = await StartAsync(TestDocument.Head + """
            routes: { app: { match: { path: "/{**rest}" }, cluster: app } }
            clusters: { app: { dns: { name: no-such-name.invalid, port: 80 } } }
            """);

        await AssertFailureAsync(proxy, "/", 503, "UH");
    }

    [ProxyFact]
    public async Task OV_ConnectionsOfTheDestinationAllBusy_Is503AtOnce()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("held").After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "connections: { max: 1 }" });
        var held = proxy.GetAsync();
        await upstream.WaitForRequestsAsync(1);

        await AssertFailureAsync(proxy, "/", 503, "OV", hasRetryAfter: true);
        permission.SetResult();

        Assert.Equal("held", (await held).BodyText);
        Assert.Single(upstream.Requests);
        Assert.Equal(200, (await proxy.GetAsync()).Status);
    }

    [ProxyFact]
    public async Task OV_RequestsInFlightAtTheLimit_Is503AtOnce()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("held").After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "limits: { inFlight: 1 }" });
        var held = proxy.GetAsync();
        await upstream.WaitForRequestsAsync(1);

        var refused = await proxy.GetAsync();
        permission.SetResult();

        Assert.Equal((503, true), (refused.Status, refused.Has("retry-after")));
        Assert.Equal(["OV"], refused.Flags);
        Assert.Equal("held", (await held).BodyText);
    }

    [ProxyTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DC_CallerGone_IsLoggedAs499AndGivesTheAttemptUp(bool byReset)
    {
        var givenUp = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Nothing.Then(async connection =>
        {
            await connection.WaitForPeerCloseAsync();
            givenUp.SetResult();
        })));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: { maxRetries: 3, methods: all, retryOn: [reset, 5xx, stale-connection] }"));
        var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/", "x-request-id: gone"));
        await upstream.WaitForRequestsAsync(1);
        if (byReset)
        {
            client.Reset();
        }

        client.Dispose();

        await Patience.Await(givenUp.Task, "the attempt is given up");
        var line = await AccessLineAsync(proxy, "gone");
        Assert.Equal(("499", "DC"), (line.Text("status"), line.Text("flags")));
        Assert.Single(upstream.Requests);
    }

    [ProxyFact]
    public async Task BR_RefusedByOurValidators_HasFlagAndBody()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address));

        var response = await proxy.GetAsync("/", "Transfer_Encoding: chunked");

        AssertOwnAnswer(response, 400, "BR", "");
        await proxy.WaitForMetricAsync(1, "sidecar_refused_total", ("flag", "BR"));
    }

    [ProxyFact]
    public async Task OwnAnswer_ToHead_HasNoBody()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address, "retry: off"));
        using var client = proxy.Connect();

        await client.SendAsync(Request("HEAD", "/") + Request("GET", "/"));
        var head = await client.ReadResponseAsync(isHead: true);
        var get = await client.ReadResponseAsync();

        Assert.Equal((502, 502), (head.Status, get.Status));
        Assert.Equal(["UF"], head.Flags);
    }

    [ProxyFact]
    public async Task OwnAnswer_LeavesTheConnectionUsable()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Nothing.ThenReset(), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off"));
        using var client = proxy.Connect();

        await client.SendAsync(RequestWithBody("POST", "/", "body"));
        var failed = await client.ReadResponseAsync();
        await client.SendAsync(Request("GET", "/"));
        var next = await client.ReadResponseAsync();

        Assert.Equal((502, 200), (failed.Status, next.Status));
    }

    [ProxyFact]
    public async Task RequestId_OfTheCaller_IsInOurAnswers()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address, "retry: off"));

        var response = await proxy.GetAsync("/", "x-request-id: theirs-1");

        Assert.Equal("theirs-1", response.Header("x-request-id"));
    }

    [ProxyFact]
    public async Task Flags_OfTheUpstreamsSidecar_ArePassedOn()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(503, "", "x-sidecar-flags: OV")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var response = await proxy.GetAsync();

        Assert.Equal(["OV"], response.Flags);
    }

    private static async Task AssertFailureAsync(IProxyUnderTest proxy, string target, int status, string flag, string route = "app", bool hasRetryAfter = false)
    {
        var response = await proxy.GetAsync(target, $"x-request-id: id-{flag}");

        AssertOwnAnswer(response, status, flag, route);
        Assert.Equal(hasRetryAfter, response.Has("retry-after"));
        Assert.Equal($"id-{flag}", response.Header("x-request-id"));
        var line = await AccessLineAsync(proxy, $"id-{flag}");
        Assert.Equal((flag, status.ToString(System.Globalization.CultureInfo.InvariantCulture)), (line.Text("flags"), line.Text("status")));
    }

    private static void AssertOwnAnswer(RawResponse response, int status, string flag, string route)
    {
        Assert.Equal(status, response.Status);
        Assert.Equal(flag, Assert.Single(response.Flags));
        Assert.Equal("application/problem+json", response.Header("content-type"));
        using var problem = JsonDocument.Parse(response.Body);
        Assert.Equal((flag, route), (problem.RootElement.Text("flag"), problem.RootElement.Text("route")));
        Assert.Equal(response.Header("x-request-id"), problem.RootElement.Text("requestId"));
        Assert.EndsWith(".", problem.RootElement.Text("title"), StringComparison.Ordinal);
    }

    private static Task<JsonElement> AccessLineAsync(IProxyUnderTest proxy, string requestId) => proxy.Logs.WaitForAsync(
        line => line.Event() == "request" && line.EnumerateObject().Any(member => member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() == requestId),
        $"the access line of {requestId}");
}

/// <summary>In process.</summary>
public sealed class FailureVocabularyManaged() : FailureVocabularyTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class FailureVocabularyNative() : FailureVocabularyTests(ProxyKind.Native), INativeSuite;
