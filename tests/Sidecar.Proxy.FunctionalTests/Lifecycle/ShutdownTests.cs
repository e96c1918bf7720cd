using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Net.WebSockets;
using Sidecar.Proxy.Overload;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>The end loses nothing, says what it did, and comes in time.</summary>
public abstract class ShutdownTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyTheory]
    [InlineData(TestSignal.Terminate)]
    [InlineData(TestSignal.Interrupt)]
    public async Task RequestsInFlight_AreFinished(TestSignal signal)
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("finished").After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 30s, acceptFor: 0s }" });
        var inFlight = Enumerable.Range(0, 20).Select(_ => proxy.GetAsync()).ToArray();
        await upstream.WaitForRequestsAsync(20);

        proxy.Signal(signal);
        await proxy.Logs.WaitForEventAsync("drain-started");
        permission.SetResult();
        var responses = await Task.WhenAll(inFlight);

        Assert.All(responses, response => Assert.Equal((200, "finished"), (response.Status, response.BodyText)));
        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
    }

    [ProxyFact]
    public async Task Load_DuringTheDrain_LosesNoRequest()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("served")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 20s, acceptFor: 1s }" });
        var clients = Enumerable.Range(0, 6).Select(_ => LoadUntilToldToStopAsync(proxy)).ToArray();
        await upstream.WaitForRequestsAsync(100);

        proxy.Signal(TestSignal.Terminate);
        var results = await Task.WhenAll(clients);

        Assert.All(results, result => Assert.Empty(result.Lost));
        Assert.Equal(results.Sum(result => result.Served), upstream.Requests.Count);
        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
        var line = await proxy.Logs.WaitForEventAsync("drain-finished");
        Assert.True(line.Number("completed") >= 0, line.GetRawText());
        Assert.Equal(0, line.Number("aborted"));
    }

    [ProxyFact]
    public async Task Drain_Statistics_AreInOneLine()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 10s, acceptFor: 0s }" });
        await proxy.GetAsync();

        proxy.Signal(TestSignal.Terminate);

        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
        var line = await proxy.Logs.WaitForEventAsync("drain-finished");
        Assert.All(
            ["completed", "aborted", "refused", "connectionsClosed", "logLinesWritten", "logLinesLost", "spansExported", "spansLost", "seconds"],
            member => Assert.True(line.Number(member) >= 0, $"{member} in {line.GetRawText()}"));
        Assert.InRange(line.Number("logLinesWritten"), 3, double.MaxValue);
        Assert.Equal(1, line.Number("completed"));
        Assert.Empty(proxy.Logs.NotJson);
    }

    [ProxyFact]
    public async Task Readiness_DuringTheAcceptWindow_Is503WhileTrafficIsServed()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 60s, acceptFor: 20s }" });
        Assert.Equal(200, (await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", "/readyz"))).Status);

        proxy.Signal(TestSignal.Terminate);
        await proxy.Logs.WaitForEventAsync("drain-started");

        Assert.Equal(503, (await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", "/readyz"))).Status);
        Assert.Equal(200, (await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", "/livez"))).Status);
        Assert.Equal(200, (await proxy.GetAsync()).Status);
    }

    [ProxyTheory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/1.0")]
    public async Task Answers_AfterTheAcceptWindow_CloseTheirConnection(string protocol)
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target == "/held" ? Answer.Ok().After(permission.Task) : Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 30s, acceptFor: 0s }" });
        using var idle = proxy.Connect();
        await idle.SendAsync(Request("GET", "/"));
        await idle.ReadResponseAsync();
        using var held = proxy.Connect();
        await held.SendAsync($"GET /held {protocol}\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n");
        await upstream.WaitForRequestsAsync(2);

        proxy.Signal(TestSignal.Terminate);

        // That the idle one was ended shows that all are to end.
        Assert.Equal(ConnectionEnd.Closed, await idle.WaitForEndAsync());
        permission.SetResult();
        Assert.True((await held.ReadResponseAsync()).SaysClose);
        Assert.Equal(ConnectionEnd.Closed, await held.WaitForEndAsync());
    }

    [ProxyFact]
    public async Task Connections_NewAfterTheAcceptWindow_AreRefused()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok().After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 30s, acceptFor: 0s }" });
        var held = proxy.GetAsync();
        await upstream.WaitForRequestsAsync(1);

        proxy.Signal(TestSignal.Terminate);
        await Patience.Eventually(() => Task.FromResult(IsRefused(proxy)), "new connections are refused");
        permission.SetResult();

        Assert.Equal(200, (await held).Status);
    }

    [ProxyFact]
    public async Task Grace_UpWithRequestsInFlight_EndsWithZeroAndCountsThem()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Never));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: off }") with { Root = "shutdown: { grace: 2s, acceptFor: 0s }" });
        using var client = proxy.Connect();
        await client.SendAsync(Request("GET", "/"));
        await upstream.WaitForRequestsAsync(1);

        proxy.Signal(TestSignal.Terminate);

        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
        Assert.Equal(1, (await proxy.Logs.WaitForEventAsync("drain-finished")).Number("aborted"));
    }

    [ProxyFact]
    public async Task AdminDrain_ThenSignal_IsOneDrain()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 30s, acceptFor: 0s }" });

        var drain = await PostAdminAsync(proxy, "/drain");
        Assert.InRange(drain.Status, 200, 299);
        Assert.Equal(503, (await proxy.AdminAsync("/readyz")).Status);
        Assert.False(proxy.ExitCode.IsCompleted);
        proxy.Signal(TestSignal.Terminate);

        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
        Assert.Single(proxy.Logs.Lines, line => line.Event() == "drain-started");
        Assert.Single(proxy.Logs.Lines, line => line.Event() == "drain-finished");
    }

    [ProxyFact]
    public async Task AdminDrain_Done_ClosesWhatIsIdleAndWaitsForTheSignal()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1", Root = "shutdown: { grace: 30s, acceptFor: 0s }" });
        using var idle = proxy.Connect();
        await idle.SendAsync(Request("GET", "/"));
        Assert.False((await idle.ReadResponseAsync()).SaysClose);
        using var http2 = await RawHttp2Client.ConnectAsync(proxy.Reverse);
        await http2.ExchangeAsync((":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/"));

        await PostAdminAsync(proxy, "/drain");

        // GOAWAY and the end of both connections come without the end of the process.
        Assert.Equal(Http2FrameType.GoAway, (await Patience.Await(http2.Frames.ReadAsync(), "GOAWAY"))!.Type);
        Assert.Equal(ConnectionEnd.Closed, await idle.WaitForEndAsync());
        await Patience.Eventually(async () => (await proxy.AdminJsonAsync("/stats")).Text("status") == "drained", "it is drained");
        Assert.Equal(503, (await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", "/readyz"))).Status);
        Assert.Equal(200, (await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", "/livez"))).Status);
        Assert.False(proxy.ExitCode.IsCompleted);

        proxy.Signal(TestSignal.Terminate);

        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
        Assert.Equal(2, (await proxy.Logs.WaitForEventAsync("drain-finished")).Number("completed"));
    }

    [ProxyFact]
    public async Task AdminDrain_WebSocketAndUploadsUnderWay_GoOn()
    {
        var echo = Own(await KestrelUpstream.StartWebSocketEchoAsync());
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Ok(request.BodyText)));
        var proxy = await StartAsync(TestDocument.Head + $$"""
            shutdown: { grace: 60s, acceptFor: 0s }
            routes:
              ws: { match: { path: "/ws" }, cluster: ws }
              app: { match: { path: "/{**rest}" }, cluster: app }
            clusters:
              ws: { destinations: { a: { address: "{{echo.Address}}" } } }
              app: { destinations: { a: { address: "{{upstream.Address}}" } } }
            """);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{proxy.Reverse}/ws"), default);
        using var counted = proxy.Connect();
        await counted.SendAsync("POST /counted HTTP/1.1\r\nhost: app.test\r\ncontent-length: 8\r\n\r\nhalf");
        using var chunked = proxy.Connect();
        await chunked.SendAsync("POST /chunked HTTP/1.1\r\nhost: app.test\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n");
        await Patience.Eventually(async () => (await proxy.AdminJsonAsync("/stats")).GetProperty("inboundInFlight").GetInt32() == 3, "all three are under way");
        using var idle = proxy.Connect();
        await idle.SendAsync(Request("GET", "/"));
        await idle.ReadResponseAsync();

        await PostAdminAsync(proxy, "/drain");
        await idle.WaitForEndAsync();

        // That the idle one was ended shows that all were asked to end.
        await socket.SendAsync(new byte[] { 42 }, WebSocketMessageType.Binary, true, default);
        var buffer = new byte[8];
        Assert.Equal((1, (byte)42), ((await Patience.Await(socket.ReceiveAsync(buffer, default), "the echo")).Count, buffer[0]));
        await counted.SendAsync("done");
        await chunked.SendAsync("4\r\ndone\r\n0\r\n\r\n");
        Assert.Equal(("halfdone", true), await SeenAsync(counted));
        Assert.Equal(("halfdone", true), await SeenAsync(chunked));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default);
        await Patience.Eventually(async () => (await proxy.AdminJsonAsync("/stats")).Text("status") == "drained", "it is drained");

        static async Task<(string Body, bool SaysClose)> SeenAsync(RawClient client) =>
            await client.ReadResponseAsync() is { Status: 200 } response ? (response.BodyText, response.SaysClose) : ("", false);
    }

    [ProxyFact]
    public async Task DrainCommand_RequestInFlight_ReturnsWhenItIsAnswered()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("finished").After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 60s, acceptFor: 0s }" });
        var held = proxy.GetAsync();
        await upstream.WaitForRequestsAsync(1);

        var hook = StartCommand("drain", "--address", proxy.Admin.ToString(), "--timeout", "59s");
        await Patience.Eventually(() => Task.FromResult(hook.Errors.Text.Contains("draining: 1 in flight, 1 connections", StringComparison.Ordinal)), "the hook waits");
        Assert.False(hook.ExitCode.IsCompleted);
        permission.SetResult();

        Assert.Equal(0, await Patience.Await(hook.ExitCode, "the hook ends"));
        Assert.Equal("finished", (await held).BodyText);
        Assert.False(proxy.ExitCode.IsCompleted);
    }

    [ProxyFact]
    public async Task Quit_EndsWithZeroWithoutTheAcceptWindow()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("finished").After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 600s, acceptFor: 500s }" });
        var held = proxy.GetAsync();
        await upstream.WaitForRequestsAsync(1);

        var quit = await PostAdminAsync(proxy, "/quitquitquit");
        permission.SetResult();

        Assert.Equal(202, quit.Status);
        Assert.Equal("finished", (await held).BodyText);
        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
        var audit = await proxy.Logs.WaitForEventAsync("admin-action");
        Assert.Equal(("quitquitquit", "accepted"), (audit.Text("action"), audit.Text("outcome")));
        Assert.Equal("quitquitquit", (await proxy.Logs.WaitForEventAsync("drain-started")).Text("cause"));
        Assert.Single(proxy.Logs.Lines, line => line.Event() == "drain-finished");
    }

    [ProxyFact]
    public async Task Quit_DuringADrain_EndsIt()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 600s, acceptFor: 500s }" });

        await PostAdminAsync(proxy, "/drain");
        await PostAdminAsync(proxy, "/quitquitquit");

        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
    }

    [ProxyTheory]
    [InlineData(403, "POST", "host: localhost")]
    [InlineData(405, "GET", "host: localhost", "x-sidecar-admin: 1")]
    [InlineData(421, "POST", "host: app.example.com", "x-sidecar-admin: 1")]
    public async Task Quit_NotAsItMustBeAsked_IsRefusedAndEndsNothing(int status, string method, params string[] headers)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        Assert.Equal(status, (await RawClient.ExchangeAsync(proxy.Admin, RequestWithBody(method, "/quitquitquit", "", headers))).Status);
        Assert.Equal(404, (await RawClient.ExchangeAsync(proxy.Metrics, RequestWithBody("POST", "/quitquitquit", "", "host: localhost", "x-sidecar-admin: 1"))).Status);
        Assert.Equal(200, (await proxy.AdminAsync("/readyz")).Status);
    }

    [ProxyFact]
    public async Task Http2Connection_IsToldToGoAway()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1", Root = "shutdown: { grace: 20s, acceptFor: 0s }" });
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);
        await client.ExchangeAsync((":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/"));

        proxy.Signal(TestSignal.Terminate);
        var frame = await Patience.Await(client.Frames.ReadAsync(), "GOAWAY");

        Assert.Equal((Http2FrameType.GoAway, Http2Error.NoError), (frame!.Type, frame.Error));
    }

    [ProxyFact]
    public async Task AdminDrain_Http2RequestUnderWay_EndIsAnnouncedAndWhatComesMeanwhileIsServed()
    {
        (string, string)[] request = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/")];
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok().After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1", Root = "shutdown: { grace: 60s, acceptFor: 0s }" });
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);
        await client.Frames.WriteHeadersAsync(client.NextStreamId(), endStream: true, request);
        await upstream.WaitForRequestsAsync(1);

        await PostAdminAsync(proxy, "/drain");

        Assert.Equal((int.MaxValue, Http2Error.NoError), await GoAwayAsync());
        var late = client.NextStreamId();
        await client.Frames.WriteHeadersAsync(late, endStream: true, request);
        await upstream.WaitForRequestsAsync(2);
        permission.SetResult();
        Assert.Equal(200, (await client.ReadResultAsync(late)).Status);
        Assert.Equal((late, Http2Error.NoError), await GoAwayAsync());
        Assert.Null(await Patience.Await(client.Frames.ReadAsync(), "the end"));

        // The answers of the streams may come in any order, and before it.
        async Task<(int LastStream, Http2Error Error)> GoAwayAsync()
        {
            while (true)
            {
                var frame = await Patience.Await(client.Frames.ReadAsync(), "GOAWAY");
                Assert.NotNull(frame);
                if (frame.Type == Http2FrameType.GoAway)
                {
                    return (BinaryPrimitives.ReadInt32BigEndian(frame.Payload) & int.MaxValue, frame.Error);
                }
            }
        }
    }

    [ProxyFact]
    public async Task SecondSignal_EndsAtOnceWithOne()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Never));
        var proxy = await StartProcessAsync(new ProxyStart((TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 600s }" }).ToString()));
        using var client = proxy.Connect();
        await client.SendAsync(Request("GET", "/"));
        await upstream.WaitForRequestsAsync(1);

        proxy.Signal(TestSignal.Terminate);
        await proxy.Logs.WaitForEventAsync("drain-started");
        proxy.Signal(TestSignal.Terminate);

        Assert.Equal(1, await Patience.Await(proxy.ExitCode, "the proxy ends"));
    }

    private static Task<RawResponse> PostAdminAsync(IProxyUnderTest proxy, string target) =>
        RawClient.ExchangeAsync(proxy.Admin, RequestWithBody("POST", target, "", "host: localhost", "x-sidecar-admin: 1"));

    private static bool IsRefused(IProxyUnderTest proxy)
    {
        try
        {
            proxy.Connect().Dispose();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    // A client that honours Connection: close and refused connections; anything else that is no answer is a loss.
    private static async Task<(int Served, List<string> Lost)> LoadUntilToldToStopAsync(IProxyUnderTest proxy)
    {
        var served = 0;
        var lost = new List<string>();
        var sincePrevious = Stopwatch.StartNew();
        while (true)
        {
            RawClient client;
            try
            {
                client = proxy.Connect();
            }
            catch (SocketException)
            {
                return (served, lost);
            }

            using (client)
            {
                for (var saysClose = false; !saysClose;)
                {
                    TimeSpan? pause = null;
                    try
                    {
                        await client.SendAsync(Request("GET", $"/{served}"));
                        pause = sincePrevious.Elapsed;
                        sincePrevious.Restart();
                        var response = await client.ReadResponseAsync();
                        saysClose = response.SaysClose;
                        if (response is { Status: 200, IsComplete: true })
                        {
                            served++;
                        }
                        else if (response.Flags is ["DR"])
                        {
                            // Refused, not lost: nothing was done with it.
                            return (served, lost);
                        }
                        else
                        {
                            lost.Add(response.StartLine);
                        }
                    }
                    catch (IOException) when ((pause ?? sincePrevious.Elapsed) >= DrainedConnection.Silence)
                    {
                        // This caller was held up for so long that it passed for silent.
                        return (served, lost);
                    }
                    catch (IOException error)
                    {
                        lost.Add($"after {served}: {error.Message}");
                        return (served, lost);
                    }
                }
            }
        }
    }
}

/// <summary>In process.</summary>
public sealed class ShutdownManaged() : ShutdownTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class ShutdownNative() : ShutdownTests(ProxyKind.Native), INativeSuite;
