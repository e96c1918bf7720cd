using System.Diagnostics;
using System.Globalization;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Policies;

/// <summary>Which clock stops what, and what is told to the upstream. Lower bounds only.</summary>
public abstract class TimeoutTests(ProxyKind kind) : ProxySuite(kind)
{
    // Timers and stopwatches are two clocks of different grain.
    private static readonly TimeSpan AlmostTheTimeout = TimeSpan.FromMilliseconds(280);

    [ProxyTheory]
    [InlineData("request: 300ms", "UT")]
    [InlineData("perTry: 300ms", "PT")]
    [InlineData("request: 20s, perTry: 300ms", "PT")]
    [InlineData("request: off, idle: 300ms", "UT")]
    public async Task Clock_RunsOut_Answers504WithItsFlagAndGivesTheAttemptUp(string timeouts, string flag)
    {
        var givenUp = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Nothing.Then(async connection =>
        {
            await connection.WaitForPeerCloseAsync();
            givenUp.SetResult();
        })));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, $$"""retry: off, timeouts: { {{timeouts}} }"""));
        var clock = Stopwatch.StartNew();

        var response = await proxy.GetAsync();

        Assert.Equal(504, response.Status);
        Assert.Equal([flag], response.Flags);
        Assert.InRange(clock.Elapsed, AlmostTheTimeout, TimeSpan.MaxValue);
        await Patience.Await(givenUp.Task, "the upstream's connection is closed");
    }

    [ProxyFact]
    public async Task Connect_Unanswered_Answers502()
    {
        using var blackHole = new BlackHole();
        var proxy = await StartAsync(TestDocument.To(blackHole.Address, "retry: off, timeouts: { connect: 300ms }"));
        var clock = Stopwatch.StartNew();

        var response = await proxy.GetAsync();

        Assert.Equal(502, response.Status);
        Assert.Equal(["UF"], response.Flags);
        Assert.InRange(clock.Elapsed, AlmostTheTimeout, TimeSpan.MaxValue);
    }

    [ProxyFact]
    public async Task Request_CoversAllAttemptsAndWaits()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Never));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 500ms, perTry: 200ms }, retry: { maxRetries: 10, retryOn: [per-try-timeout], backoff: { base: 1ms, max: 1ms } }") with { Cluster = "retryBudget: { ratio: 1, minPerSecond: 100 }" });

        var response = await proxy.GetAsync();

        // The last try may end so near the deadline that no other can follow: then its own outcome passes through.
        Assert.Equal(504, response.Status);
        Assert.Contains(response.Flags[0], new[] { "UT", "PT" });
        Assert.InRange(upstream.Requests.Count, 1, 3);
    }

    [ProxyFact]
    public async Task Request_StartsWhenTheRequestIsFullyReceived()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Ok(request.BodyText)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 1s }"));
        using var client = proxy.Connect();

        await client.SendAsync(Request("POST", "/", "content-length: 4") + "ab");

        // The caller is slower than the timeout, which must not have started yet.
        await Task.Delay(1500);
        await client.SendAsync("cd");
        var response = await client.ReadResponseAsync();

        Assert.Equal((200, "abcd"), (response.Status, response.BodyText));
    }

    [ProxyFact]
    public async Task Request_DoesNotCutABodyThatFlows()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Start(200, "content-length: 4").ThenSend("ab").ThenWait(permission.Task).ThenSend("cd")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 1s, perTry: 1s }"));

        var pending = proxy.GetAsync();
        Assert.NotSame(pending, await Task.WhenAny(pending, Task.Delay(1500)));
        permission.SetResult();

        Assert.Equal((true, "abcd"), ((await pending).IsComplete, (await pending).BodyText));
    }

    [ProxyTheory]
    [InlineData("content-length: 10", "01234")]
    [InlineData("transfer-encoding: chunked", "5\r\n01234\r\n")]
    public async Task Idle_InTheMiddleOfABody_IsABrokenTransfer(string framing, string half)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Start(200, framing).ThenSend(half).ThenHold()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { idle: 3s }"));

        var response = await proxy.GetAsync();

        Assert.Equal((200, "01234", false), (response.Status, response.BodyText, response.IsComplete));
    }

    [ProxyFact]
    public async Task Idle_InTheMiddleOfARequestBody_EndsTheRequest()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { idle: 3s }"));
        using var client = proxy.Connect();

        await client.SendAsync(Request("POST", "/", "content-length: 10") + "01234");
        var response = await client.ReadResponseAsync();

        Assert.Contains(response.Status, new[] { 408, 504 });
    }

    [ProxyFact]
    public async Task TimeLeft_OfThePolicy_IsToldToTheUpstream()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 5s }"));

        await proxy.GetAsync();

        Assert.InRange(TimeLeft(upstream.Requests[0]), 1, 5_000);
    }

    [ProxyTheory]
    [InlineData("700", 700)]
    [InlineData("60000", 5_000)]
    [InlineData("garbage", 5_000)]
    [InlineData("-1", 5_000)]
    public async Task TimeLeft_OfTheCaller_CanOnlyShorten(string incoming, int expectedAtMost)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 5s }"));

        var response = await proxy.GetAsync("/", $"x-request-timeout-ms: {incoming}");

        Assert.Equal(200, response.Status);
        Assert.InRange(TimeLeft(upstream.Requests[0]), 1, expectedAtMost);
    }

    [ProxyFact]
    public async Task TimeLeft_OfTheCaller_EndsTheRequest()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Never));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var response = await proxy.GetAsync("/", "x-request-timeout-ms: 300");

        Assert.Equal(504, response.Status);
        Assert.Equal(["UT"], response.Flags);
    }

    [ProxyFact]
    public async Task TimeLeft_ShrinksFromAttemptToAttempt()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503, "", "retry-after: 1"), () => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 8s }, retry: { retryOn: [gateway-error], retryAfterMax: 2s }"));

        var response = await proxy.GetAsync();

        Assert.Equal(200, response.Status);
        var left = upstream.Requests.Select(TimeLeft).ToArray();
        Assert.InRange(left[1], 1, left[0] - 1_000);
    }

    [ProxyFact]
    public async Task TimeLeft_Unbounded_IsNotInvented()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: off }"));

        await proxy.GetAsync();

        Assert.False(upstream.Requests[0].Has("x-request-timeout-ms"));
    }

    [ProxyFact]
    public async Task Timeout_OfACall_LeavesTheNextOneAlone()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Never, () => Answer.Ok("next")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off, timeouts: { request: 1s }"));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/"));
        var timedOut = await client.ReadResponseAsync();
        await client.SendAsync(Request("GET", "/"));
        var next = await client.ReadResponseAsync();

        Assert.Equal((504, 200, "next"), (timedOut.Status, next.Status, next.BodyText));
    }

    private static int TimeLeft(RecordedRequest request) => int.Parse(request.Header("x-request-timeout-ms")!, CultureInfo.InvariantCulture);
}

/// <summary>In process.</summary>
public sealed class TimeoutManaged() : TimeoutTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class TimeoutNative() : TimeoutTests(ProxyKind.Native), INativeSuite;
