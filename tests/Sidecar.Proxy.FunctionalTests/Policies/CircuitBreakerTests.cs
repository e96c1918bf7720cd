using System.Globalization;
using System.Text.Json;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Policies;

/// <summary>Closed, open, half-open, closed: seen by the caller, by the upstream and in everything the proxy says about itself.</summary>
public abstract class CircuitBreakerTests(ProxyKind kind) : ProxySuite(kind)
{
    private const string ThreeThenLong = "retry: off, circuitBreaker: { consecutiveFailures: 3, open: { base: 60s, max: 60s } }";
    private const string ThreeThenShort = "retry: off, circuitBreaker: { consecutiveFailures: 3, open: { base: 300ms, max: 300ms, jitter: 0 } }";

    [ProxyFact]
    public async Task Failures_ExactlyTheThreshold_OpenIt()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(500, "broken")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, ThreeThenLong));

        var responses = await GetAsync(proxy, 5);

        Assert.Equal([500, 500, 500, 503, 503], responses.Select(response => response.Status));
        Assert.All(responses.Take(3), response => Assert.Empty(response.Flags));
        Assert.All(responses.Skip(3), response =>
        {
            Assert.Equal(["CB"], response.Flags);
            Assert.InRange(int.Parse(response.Header("retry-after")!, CultureInfo.InvariantCulture), 1, 60 + 30);
        });
        Assert.Equal(3, upstream.Requests.Count);
    }

    [ProxyFact]
    public async Task Success_BetweenFailures_StartsTheCountAgain()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Status(request.Target == "/ok" ? 200 : 500)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off, circuitBreaker: { consecutiveFailures: 3, failureRatio: off }"));

        foreach (var target in new[] { "/x", "/x", "/ok", "/x", "/x", "/ok", "/x", "/x" })
        {
            Assert.Empty((await proxy.GetAsync(target)).Flags);
        }
    }

    [ProxyTheory]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(501)]
    [InlineData(505)]
    public async Task Statuses_ThatAreNoFailures_NeverOpenIt(int status)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(status)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, ThreeThenLong));

        Assert.All(await GetAsync(proxy, 15), response => Assert.Equal(status, response.Status));
    }

    [ProxyTheory]
    [InlineData("CB")]
    [InlineData("OV")]
    [InlineData("RL")]
    public async Task Refusals_OfAnotherSidecar_NeverOpenIt(string flag)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(503, "", $"x-sidecar-flags: {flag}")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, ThreeThenLong));

        await GetAsync(proxy, 15);

        Assert.Equal(15, upstream.Requests.Count);
    }

    [ProxyTheory]
    [InlineData("refused", "UF")]
    [InlineData("reset", "UC")]
    [InlineData("garbage", "UP")]
    [InlineData("timeout", "UT")]
    [InlineData("silence", "UT")]
    public async Task Failures_OfTheConnectionAndTheClock_OpenIt(string failure, string flag)
    {
        using var closed = new ClosedPort();
        var upstream = Own(ScriptedUpstream.Answering(() => failure switch
        {
            "reset" => Answer.Nothing.ThenReset(),
            "garbage" => Answer.Raw("garbage\r\n\r\n").ThenClose(),
            _ => Answer.Never,
        }));
        var timeouts = failure switch
        {
            "timeout" => "request: 200ms",
            "silence" => "request: off, idle: 200ms",
            _ => "request: 60s",
        };
        var proxy = await StartAsync(TestDocument.To(failure == "refused" ? closed.Address : upstream.Address, $$"""{{ThreeThenLong}}, timeouts: { {{timeouts}} }"""));

        var responses = await GetAsync(proxy, 4);

        Assert.Equal([flag, flag, flag, "CB"], responses.Select(response => Assert.Single(response.Flags)));
    }

    [ProxyFact]
    public async Task Silence_OfACallerThatOwesItsBody_NeverOpensIt()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, ThreeThenLong + ", timeouts: { idle: 200ms }"));

        for (var i = 0; i < 4; i++)
        {
            using var client = proxy.Connect();
            await client.SendAsync(Request("POST", "/", "content-length: 10") + "01234");
            Assert.Contains((await client.ReadResponseAsync()).Status, new[] { 408, 504 });
        }

        Assert.Equal(200, (await proxy.GetAsync()).Status);
    }

    [ProxyFact]
    public async Task Timeouts_ByTheCallersShorterDeadline_NeverOpenIt()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target == "/ok" ? Answer.Ok() : Answer.Never));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, ThreeThenLong));

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(504, (await proxy.GetAsync("/", "x-request-timeout-ms: 100")).Status);
        }

        Assert.Equal(200, (await proxy.GetAsync("/ok")).Status);
    }

    [ProxyFact]
    public async Task CallersThatGoAway_NeverOpenIt()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target == "/ok" ? Answer.Ok() : Answer.Never));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, ThreeThenLong));

        for (var i = 1; i <= 5; i++)
        {
            using var client = proxy.Connect();
            await client.SendAsync(Request("GET", "/"));
            await upstream.WaitForRequestsAsync(i);
            client.Reset();
        }

        await proxy.Logs.WaitForAsync(line => line.Event() == "request" && line.Text("flags").Contains("DC", StringComparison.Ordinal), 5, "five callers gone");
        Assert.Equal(200, (await proxy.GetAsync("/ok")).Status);
    }

    [ProxyFact]
    public async Task Ratio_AboveTheMinimumThroughput_OpensIt()
    {
        var turn = 0;
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(Interlocked.Increment(ref turn) % 2 == 0 ? 500 : 200)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off, circuitBreaker: { consecutiveFailures: off, failureRatio: 0.5, minimumThroughput: 10, window: 60s, open: { base: 60s } }"));

        var responses = await GetAsync(proxy, 11);

        Assert.Equal(Enumerable.Range(1, 10).Select(i => i % 2 == 0 ? 500 : 200).Append(503), responses.Select(response => response.Status));
    }

    [ProxyFact]
    public async Task Open_Everything_TellsTheSame()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, ThreeThenLong));

        await GetAsync(proxy, 3);
        var refused = await proxy.GetAsync("/", "x-request-id: refused-1");

        Assert.Equal(["CB"], refused.Flags);
        var breaker = (await proxy.BreakerAsync("app", "a"))!.Value;
        Assert.Equal(("open", "consecutive", "app"), (breaker.Text("state"), breaker.Text("reason"), breaker.Text("cluster")));
        await proxy.WaitForMetricAsync(1, "sidecar_breaker_state", ("route", "app"), ("destination", "a"), ("state", "open"));
        await proxy.WaitForMetricAsync(1, "sidecar_breaker_transitions_total", ("route", "app"), ("to", "open"));
        await proxy.WaitForMetricAsync(1, "sidecar_refused_total", ("route", "app"), ("flag", "CB"));
        var transition = await proxy.Logs.WaitForEventAsync("breaker-transition");
        Assert.Equal(("app", "a", "closed", "open", "consecutive"), (transition.Text("route"), transition.Text("destination"), transition.Text("from"), transition.Text("to"), transition.Text("reason")));
        var line = await proxy.Logs.WaitForAsync(line => line.Event() == "request" && line.GetRawText().Contains("refused-1", StringComparison.Ordinal), "the access line");
        Assert.Contains("CB", line.Text("flags"), StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task Probe_Succeeding_ClosesIt()
    {
        var isHealthy = false;
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(Volatile.Read(ref isHealthy) ? 200 : 500)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, ThreeThenShort));

        await GetAsync(proxy, 3);
        Volatile.Write(ref isHealthy, true);
        await Patience.Eventually(async () => (await proxy.GetAsync()).Status == 200, "a probe is admitted");

        Assert.Equal("closed", (await proxy.BreakerAsync("app", "a"))!.Value.Text("state"));
        Assert.All(await GetAsync(proxy, 10), response => Assert.Equal(200, response.Status));
        var transitions = await proxy.Logs.WaitForAsync(line => line.Event() == "breaker-transition", 3, "three transitions");
        Assert.Equal(["open", "half-open", "closed"], transitions.Select(line => line.Text("to")));
    }

    [ProxyFact]
    public async Task Probe_Failing_OpensItAgain()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off, circuitBreaker: { consecutiveFailures: 3, open: { base: 1s, max: 60s, jitter: 0 } }"));

        await GetAsync(proxy, 3);
        await Patience.Eventually(async () => (await proxy.GetAsync()).Status == 500, "a probe is admitted");
        var next = await proxy.GetAsync();

        Assert.Equal(["CB"], next.Flags);
        Assert.Equal(4, upstream.Requests.Count);
    }

    [ProxyTheory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task HalfOpen_AdmitsExactlyTheProbes(int probes)
    {
        var proceed = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target == "/fail" ? Answer.Status(500) : Answer.Ok().After(proceed.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, $$"""retry: off, circuitBreaker: { consecutiveFailures: 3, probes: {{probes}}, open: { base: 300ms, max: 300ms, jitter: 0 } }"""));
        for (var i = 0; i < 3; i++)
        {
            await proxy.GetAsync("/fail");
        }

        // Held by the upstream when admitted, answered at once when refused.
        var admitted = new List<Task<RawResponse>>();
        while (admitted.Count < probes)
        {
            var request = proxy.GetAsync("/probe");
            if (await Task.WhenAny(request, upstream.WaitForRequestsAsync(3 + admitted.Count + 1)) != request)
            {
                admitted.Add(request);
            }
        }

        var others = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => proxy.GetAsync("/other")));
        proceed.SetResult();
        var results = await Task.WhenAll(admitted);

        Assert.All(others, response => Assert.Equal(["CB"], response.Flags));
        Assert.All(results, response => Assert.Equal(200, response.Status));
        Assert.Equal(3 + probes, upstream.Requests.Count);
        await Patience.Eventually(async () => (await proxy.BreakerAsync("app", "a"))!.Value.Text("state") == "closed", "the breaker closes");
    }

    [ProxyFact]
    public async Task AllOpen_TryAnyway_StillReachesTheUpstream()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off, circuitBreaker: { consecutiveFailures: 3, whenAllOpen: tryAnyway, open: { base: 60s } }"));

        var responses = await GetAsync(proxy, 8);

        Assert.All(responses, response => Assert.Equal(500, response.Status));
        Assert.Equal(8, upstream.Requests.Count);
    }

    [ProxyFact]
    public async Task ScopeRoute_OpensForTheWholeRouteAndForNoOther()
    {
        var bad = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var worse = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var proxy = await StartAsync(TestDocument.Head + $$"""
            routes:
              guarded: { match: { path: "/guarded" }, cluster: app, policy: { retry: off, circuitBreaker: { scope: route, consecutiveFailures: 4, open: { base: 60s } } } }
              bare: { match: { path: "/bare" }, cluster: app, policy: { retry: off } }
            clusters:
              app: { destinations: { a: { address: "{{bad.Address}}" }, b: { address: "{{worse.Address}}" } } }
            """);

        var guarded = await GetAsync(proxy, 5, "/guarded");
        var bare = await proxy.GetAsync("/bare");

        Assert.Equal([500, 500, 500, 500, 503], guarded.Select(response => response.Status));
        Assert.Equal(500, bare.Status);
        var breaker = (await proxy.BreakerAsync("guarded", ""))!.Value;
        Assert.Equal("open", breaker.Text("state"));
    }

    [ProxyFact]
    public async Task Destination_Failing_IsEjectedAndTheOtherServes()
    {
        var bad = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var good = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(new TestDocument { Destinations = [bad.Address, good.Address], Policy = ThreeThenLong, Cluster = "loadBalancing: roundRobin" });

        await Patience.Eventually(async () => await proxy.GetAsync() is not null && bad.Requests.Count >= 3, "three failures");
        var after = await GetAsync(proxy, 20);

        Assert.All(after, response => Assert.Equal(200, response.Status));
        Assert.Equal(3, bad.Requests.Count);
        Assert.Equal("open", (await proxy.BreakerAsync("app", "a"))!.Value.Text("state"));
        Assert.NotEqual("open", (await proxy.BreakerAsync("app", "b"))?.Text("state"));
        await proxy.WaitForMetricAsync(1, "sidecar_ejections_total", ("destination", "a"));
    }

    [ProxyFact]
    public async Task Destinations_AllFailing_FailFast()
    {
        var a = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var b = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var proxy = await StartAsync(new TestDocument { Destinations = [a.Address, b.Address], Policy = ThreeThenLong, Cluster = "loadBalancing: roundRobin" });

        await Patience.Eventually(async () => (await proxy.GetAsync()).Flags is ["CB"], "every destination is tripped");

        Assert.Equal(6, a.Requests.Count + b.Requests.Count);
    }

    [ProxyFact]
    public async Task Destination_BeyondTheEjectionCap_IsHeldInUse()
    {
        var bad = new[] { Own(ScriptedUpstream.Answering(() => Answer.Status(500))), Own(ScriptedUpstream.Answering(() => Answer.Status(500))) };
        var good = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(new TestDocument
        {
            Destinations = [bad[0].Address, bad[1].Address, good.Address],
            Policy = "retry: off, circuitBreaker: { consecutiveFailures: 3, maxEjectedRatio: 0.34, open: { base: 60s } }",
            Cluster = "loadBalancing: roundRobin",
        });

        // One of three may be out: the second tripped one stays in use and keeps failing.
        await Patience.Eventually(async () => await proxy.GetAsync() is not null && bad.Any(upstream => upstream.Requests.Count >= 6), "one of the two is held");

        var states = new[] { (await proxy.BreakerAsync("app", "a"))!.Value.Text("state"), (await proxy.BreakerAsync("app", "b"))!.Value.Text("state") };
        Assert.Equal(["held", "open"], states.Order());
    }

    [ProxyFact]
    public async Task Retries_EachAttempt_CountsForTheBreaker()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(503)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, """
            retry: { maxRetries: 5, retryOn: [gateway-error], backoff: { base: 1ms, max: 1ms } }, circuitBreaker: { consecutiveFailures: 3, open: { base: 60s } }
            """) with { Cluster = "retryBudget: { ratio: 1, minPerSecond: 100 }" });

        var response = await proxy.GetAsync();

        Assert.Equal(503, response.Status);
        Assert.Equal(3, upstream.Requests.Count);
    }

    private static async Task<IReadOnlyList<RawResponse>> GetAsync(IProxyUnderTest proxy, int count, string target = "/")
    {
        var responses = new List<RawResponse>();
        for (var i = 0; i < count; i++)
        {
            responses.Add(await proxy.GetAsync(target));
        }

        return responses;
    }
}

/// <summary>In process.</summary>
public sealed class CircuitBreakerManaged() : CircuitBreakerTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class CircuitBreakerNative() : CircuitBreakerTests(ProxyKind.Native), INativeSuite;
