using System.Net.WebSockets;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>A change of the file takes effect without a restart and without losing anything; a bad one changes nothing.</summary>
public abstract class ReloadTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task File_RewrittenInPlace_TakesEffect(bool bySignal)
    {
        var (a, b) = TwoUpstreams();
        var proxy = await StartAsync(TestDocument.To(a.Address));
        Assert.Equal("a", (await proxy.GetAsync()).BodyText);

        await File.WriteAllTextAsync(proxy.ConfigurationFile, TestDocument.To(b.Address).ToString());
        if (bySignal)
        {
            proxy.Signal(TestSignal.Reload);
        }

        await Patience.Eventually(async () => (await proxy.GetAsync()).BodyText == "b", "the new destination serves");
        await proxy.WaitForMetricAsync(1, "sidecar_config_reloads_total", ("result", "accepted"));
    }

    [ProxyFact]
    public async Task File_ReplacedByRename_TakesEffect()
    {
        var (a, b) = TwoUpstreams();
        var proxy = await StartAsync(TestDocument.To(a.Address));

        var next = proxy.ConfigurationFile + ".new";
        await File.WriteAllTextAsync(next, TestDocument.To(b.Address).ToString());
        File.Move(next, proxy.ConfigurationFile, overwrite: true);

        await Patience.Eventually(async () => (await proxy.GetAsync()).BodyText == "b", "the new destination serves");
    }

    [ProxyFact]
    public async Task File_SwappedUnderASymbolicLink_TakesEffect()
    {
        // As the kubelet updates a ConfigMap volume: file → ..data/file, ..data → a directory, swapped by rename.
        var (a, b) = TwoUpstreams();
        var volume = TemporaryDirectory();
        await WriteVersionAsync("..1", a.Address);
        await WriteVersionAsync("..2", b.Address);
        Directory.CreateSymbolicLink(Path.Combine(volume, "..data"), "..1");
        var file = Path.Combine(volume, "sidecar.yaml");
        File.CreateSymbolicLink(file, Path.Combine("..data", "sidecar.yaml"));
        var proxy = await StartAsync(new ProxyStart("") { ConfigurationFile = file });
        Assert.Equal("a", (await proxy.GetAsync()).BodyText);

        Directory.CreateSymbolicLink(Path.Combine(volume, "..data_tmp"), "..2");
        Assert.Equal(0, PosixRename.Rename(Path.Combine(volume, "..data_tmp"), Path.Combine(volume, "..data")));

        await Patience.Eventually(async () => (await proxy.GetAsync()).BodyText == "b", "the new destination serves");

        async Task WriteVersionAsync(string version, string address)
        {
            Directory.CreateDirectory(Path.Combine(volume, version));
            await File.WriteAllTextAsync(Path.Combine(volume, version, "sidecar.yaml"), TestDocument.To(address).ToString());
        }
    }

    [ProxyFact]
    public async Task File_Invalid_KeepsTheLastGoodAndSaysSo()
    {
        var (a, b) = TwoUpstreams();
        var proxy = await StartAsync(TestDocument.To(a.Address));
        var revision = (await proxy.AdminAsync("/config")).BodyText;

        await File.WriteAllTextAsync(proxy.ConfigurationFile, TestDocument.To(b.Address, "retry: { maxRetries: many }, timeouts: { request: soon }").ToString());
        proxy.Signal(TestSignal.Reload);

        var errors = await proxy.Logs.WaitForAsync(line => line.Event() == "config-rejected", 2, "every error is logged");
        Assert.Contains(errors, line => line.GetRawText().Contains("maxRetries", StringComparison.Ordinal));
        Assert.Contains(errors, line => line.GetRawText().Contains("timeouts.request", StringComparison.Ordinal));
        await proxy.WaitForMetricAsync(1, "sidecar_config_reloads_total", ("result", "rejected"));
        Assert.Equal(revision, (await proxy.AdminAsync("/config")).BodyText);
        Assert.Equal("a", (await proxy.GetAsync()).BodyText);
        var ready = await proxy.AdminAsync("/readyz?verbose");
        Assert.Equal(200, ready.Status);
        Assert.Contains("maxRetries", ready.BodyText, StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task File_DeletedAndWrittenAgain_KeepsServing()
    {
        var (a, b) = TwoUpstreams();
        var proxy = await StartAsync(TestDocument.To(a.Address));

        File.Delete(proxy.ConfigurationFile);
        proxy.Signal(TestSignal.Reload);
        await proxy.WaitForMetricAsync(1, "sidecar_config_reloads_total", ("result", "rejected"));
        Assert.Equal("a", (await proxy.GetAsync()).BodyText);
        await File.WriteAllTextAsync(proxy.ConfigurationFile, TestDocument.To(b.Address).ToString());

        await Patience.Eventually(async () => (await proxy.GetAsync()).BodyText == "b", "the new destination serves");
    }

    [ProxyFact]
    public async Task RequestInFlight_SurvivesAndKeepsItsOldPolicy()
    {
        var permission = new TaskCompletionSource();
        var a = Own(ScriptedUpstream.Answering(request => request.Target == "/held"
            ? Answer.Start(200, "content-length: 6").ThenSend("old").ThenWait(permission.Task).ThenSend("end")
            : Answer.Ok("a")));
        var b = Own(ScriptedUpstream.Answering(() => Answer.Ok("b")));
        var proxy = await StartAsync(TestDocument.To(a.Address));
        var inFlight = proxy.GetAsync("/held");
        await a.WaitForRequestsAsync(1);

        await ReloadAsync(proxy, TestDocument.To(b.Address, "timeouts: { idle: 100ms, request: 100ms }"), "b");
        permission.SetResult();

        var response = await inFlight;
        Assert.Equal(("oldend", true), (response.BodyText, response.IsComplete));
    }

    [ProxyFact]
    public async Task WebSocket_Survives()
    {
        var echo = Own(await KestrelUpstream.StartWebSocketEchoAsync());
        var b = Own(ScriptedUpstream.Answering(() => Answer.Ok("b")));
        var proxy = await StartAsync(TestDocument.To(echo.Address));
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{proxy.Reverse}/"), default);

        await ReloadAsync(proxy, TestDocument.To(b.Address), "b");
        await socket.SendAsync(new byte[] { 42 }, WebSocketMessageType.Binary, true, default);
        var buffer = new byte[8];
        var received = await Patience.Await(socket.ReceiveAsync(buffer, default), "the echo");

        Assert.Equal((1, (byte)42), (received.Count, buffer[0]));
    }

    [ProxyFact]
    public async Task Connection_KeptAlive_SurvivesAndSeesTheNewConfiguration()
    {
        var (a, b) = TwoUpstreams();
        var proxy = await StartAsync(TestDocument.To(a.Address));
        using var client = proxy.Connect();
        await client.SendAsync(Request("GET", "/"));
        var before = await client.ReadResponseAsync();

        await ReloadAsync(proxy, TestDocument.To(b.Address), "b");
        await client.SendAsync(Request("GET", "/"));
        var after = await client.ReadResponseAsync();

        Assert.Equal(("a", "b"), (before.BodyText, after.BodyText));
    }

    [ProxyFact]
    public async Task Breaker_OfAnUnchangedRoute_KeepsItsState()
    {
        var bad = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var proxy = await StartAsync(Document("/v1"));
        await proxy.GetAsync("/guarded");
        await proxy.GetAsync("/guarded");
        Assert.Equal(["CB"], (await proxy.GetAsync("/guarded")).Flags);

        await File.WriteAllTextAsync(proxy.ConfigurationFile, Document("/v2"));
        proxy.Signal(TestSignal.Reload);
        await Patience.Eventually(async () => (await proxy.GetAsync("/v2")).Status == 500, "the new route exists");

        Assert.Equal(["CB"], (await proxy.GetAsync("/guarded")).Flags);
        Assert.Equal("open", (await proxy.BreakerAsync("guarded", "a"))!.Value.Text("state"));
        Assert.Equal(2, bad.Requests.Count(request => request.Target == "/guarded"));

        string Document(string otherPath) => TestDocument.Head + $$"""
            routes:
              guarded: { match: { path: "/guarded" }, cluster: app, policy: { retry: off, circuitBreaker: { consecutiveFailures: 2, open: { base: 60s } } } }
              other: { match: { path: "{{otherPath}}" }, cluster: app, policy: { retry: off } }
            clusters:
              app: { destinations: { a: { address: "{{bad.Address}}" } } }
            """;
    }

    [ProxyFact]
    public async Task Breaker_OfARouteWhosePolicyChanged_StartsClosed()
    {
        var bad = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var proxy = await StartAsync(TestDocument.To(bad.Address, "retry: off, circuitBreaker: { consecutiveFailures: 1, open: { base: 60s } }"));
        await proxy.GetAsync();
        Assert.Equal(["CB"], (await proxy.GetAsync()).Flags);

        await File.WriteAllTextAsync(proxy.ConfigurationFile, TestDocument.To(bad.Address, "retry: off, circuitBreaker: { consecutiveFailures: 100, failureRatio: off, open: { base: 60s } }").ToString());
        proxy.Signal(TestSignal.Reload);

        await Patience.Eventually(async () => (await proxy.GetAsync()).Status == 500, "the breaker is closed");
    }

    [ProxyFact]
    public async Task Reloads_UnderLoad_LoseNoRequest()
    {
        var (a, b) = TwoUpstreams();
        var proxy = await StartAsync(TestDocument.To(a.Address));
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => LoadAsync(proxy, stop.Token)).ToArray();

        for (var i = 0; i < 10; i++)
        {
            await ReloadAsync(proxy, TestDocument.To(i % 2 == 0 ? b.Address : a.Address), i % 2 == 0 ? "b" : "a");
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(clients), count => Assert.NotEqual(0, count));
    }

    // Throws at the first request that is not answered by 200.
    private static async Task<int> LoadAsync(IProxyUnderTest proxy, CancellationToken stop)
    {
        using var client = proxy.Connect();
        var count = 0;
        while (!stop.IsCancellationRequested)
        {
            await client.SendAsync(Request("GET", $"/{count}"));
            var response = await client.ReadResponseAsync();
            Assert.True(response is { Status: 200, IsComplete: true }, $"request {count}: {response.StartLine} {response.Header("x-sidecar-flags")}");
            count++;
        }

        return count;
    }

    private static async Task ReloadAsync(IProxyUnderTest proxy, TestDocument document, string expectedBody)
    {
        await File.WriteAllTextAsync(proxy.ConfigurationFile, document.ToString());
        proxy.Signal(TestSignal.Reload);
        await Patience.Eventually(async () => (await proxy.GetAsync()).BodyText == expectedBody, $"{expectedBody} serves");
    }

    private (ScriptedUpstream A, ScriptedUpstream B) TwoUpstreams() =>
        (Own(ScriptedUpstream.Answering(() => Answer.Ok("a"))), Own(ScriptedUpstream.Answering(() => Answer.Ok("b"))));
}

/// <summary>rename(2): File.Move follows links and refuses directories.</summary>
internal static class PosixRename
{
    /// <summary>0 when done.</summary>
    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "rename", CharSet = System.Runtime.InteropServices.CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    public static extern int Rename(string from, string to);
}

/// <summary>In process.</summary>
public sealed class ReloadManaged() : ReloadTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class ReloadNative() : ReloadTests(ProxyKind.Native), INativeSuite;
