using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Forwarding;

/// <summary>Nothing is held back: WebSocket, server-sent events, 100-continue.</summary>
public abstract class StreamingTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyFact]
    public async Task WebSocket_MessagesAndCloseStatus_ComeBackUnchanged()
    {
        var upstream = Own(await KestrelUpstream.StartWebSocketEchoAsync());
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 200ms }"));
        using var socket = await ConnectAsync(proxy, "chat.v1");
        var large = RandomNumberGenerator.GetBytes(1_000_000);

        Assert.Equal("chat.v1", socket.SubProtocol);
        Assert.Equal("h\u00e9llo", Encoding.UTF8.GetString(await EchoAsync(socket, Encoding.UTF8.GetBytes("h\u00e9llo"), WebSocketMessageType.Text)));
        Assert.Equal(large, await EchoAsync(socket, large, WebSocketMessageType.Binary));
        await Patience.Await(socket.CloseAsync((WebSocketCloseStatus)4001, "bye", default), "the close handshake");
        Assert.Equal(((WebSocketCloseStatus)4001, "bye"), (socket.CloseStatus!.Value, socket.CloseStatusDescription));
    }

    // RFC 8441: a stream of an HTTP/2 connection becomes the tunnel.
    [ProxyFact]
    public async Task WebSocket_OverHttp2OnBothSides_EchoesAndCloses()
    {
        var upstream = Own(await KestrelUpstream.StartWebSocketEchoAsync(HttpProtocols.Http2));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.AddSubProtocol("chat.v1");
        var large = RandomNumberGenerator.GetBytes(1_000_000);

        await Patience.Await(socket.ConnectAsync(new Uri($"ws://{proxy.Reverse}/ws"), client, default), "the extended CONNECT");

        Assert.Equal("chat.v1", socket.SubProtocol);
        Assert.Equal(large, await EchoAsync(socket, large, WebSocketMessageType.Binary));
        await Patience.Await(socket.CloseAsync((WebSocketCloseStatus)4001, "bye", default), "the close handshake");
        Assert.Equal((WebSocketCloseStatus)4001, socket.CloseStatus);
    }

    [ProxyFact]
    public async Task WebSocket_Idle_OutlivesTheRequestTimeout()
    {
        var upstream = Own(await KestrelUpstream.StartWebSocketEchoAsync());
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 100ms, perTry: 100ms }"));
        using var socket = await ConnectAsync(proxy);

        // The wait must be longer than the timeouts that must not apply.
        await Task.Delay(500);

        Assert.Equal([1], await EchoAsync(socket, [1], WebSocketMessageType.Binary));
    }

    [ProxyFact]
    public async Task WebSocket_Idle_EndsByTheTunnelTimeout()
    {
        var upstream = Own(await KestrelUpstream.StartWebSocketEchoAsync());
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { tunnelIdle: 300ms }"));
        using var socket = await ConnectAsync(proxy);

        await Assert.ThrowsAsync<WebSocketException>(() => Patience.Await(socket.ReceiveAsync(new Memory<byte>(new byte[1]), default).AsTask(), "the tunnel ends"));
    }

    [ProxyFact]
    public async Task Upgrade_RefusedByTheUpstream_LeavesHttpParsingOn()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target == "/ws" ? Answer.Status(426, "no", "sec-websocket-version: 13") : Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/ws", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 1337", "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="));
        var refused = await client.ReadResponseAsync();

        // Were the connection a tunnel by now, these bytes would reach the upstream unseen.
        await client.SendAsync("GET /smuggled HTTP/9.9\r\n\r\n");
        await client.WaitForEndAsync();
        Assert.Equal(426, refused.Status);
        Assert.DoesNotContain(upstream.Requests, request => request.Target.Contains("smuggled", StringComparison.Ordinal));
    }

    [ProxyFact]
    public async Task Upgrade_ToAnotherProtocol_IsCarriedBothWays()
    {
        var upstream = Own(ScriptedUpstream.Running(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: custom\r\n\r\n");
            while (await connection.Reader.ReadSomeAsync() is { Length: > 0 } bytes)
            {
                await connection.SendAsync(bytes);
            }
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/", "connection: upgrade", "upgrade: custom"));
        var response = await client.ReadHeadAsync();
        await client.SendAsync("\0raw\r\n");
        var echoed = await Patience.Await(client.Reader.ReadExactlyAsync(6), "the echo");

        Assert.Equal((101, "custom"), (response.Status, response.Header("upgrade")));
        Assert.Equal("\0raw\r\n", Encoding.Latin1.GetString(echoed));
    }

    [ProxyFact]
    public async Task Upgrade_ToH2c_IsStripped()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));

        var response = await proxy.GetAsync("/", "connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__");

        Assert.Equal(200, response.Status);
        Assert.False(upstream.Requests[0].Has("upgrade"));
        Assert.False(upstream.Requests[0].Has("http2-settings"));
    }

    [ProxyFact]
    public async Task ServerSentEvents_EachEvent_ArrivesBeforeTheNextIsSent()
    {
        var permissions = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Start(200, "content-type: text/event-stream", "transfer-encoding: chunked")
            .ThenChunk("data: 1\n\n").ThenWait(permissions[0].Task)
            .ThenChunk("data: 2\n\n").ThenWait(permissions[1].Task)
            .ThenLastChunk()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/events", "accept: text/event-stream"));
        Assert.Equal("text/event-stream", (await client.ReadHeadAsync()).Header("content-type"));
        for (var i = 0; i < permissions.Length; i++)
        {
            Assert.Contains($"data: {i + 1}", await NextEventAsync(client), StringComparison.Ordinal);
            permissions[i].SetResult();
        }

        var end = await Patience.Await(client.Reader.ReadThroughAsync("0\r\n\r\n"u8.ToArray()), "the end of the stream");
        Assert.NotNull(end);
    }

    [ProxyFact]
    public async Task ServerSentEvents_SlowToStart_OutliveTheRequestTimeout()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(200, "data: 1\n\n", "content-type: text/event-stream").After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "timeouts: { request: 100ms }"));

        var pending = proxy.GetAsync("/", "accept: text/event-stream");

        // The wait must be longer than the timeout that must not apply.
        Assert.NotSame(pending, await Task.WhenAny(pending, Task.Delay(500)));
        permission.SetResult();
        Assert.Equal(200, (await pending).Status);
    }

    [ProxyFact]
    public async Task Response_FirstBytes_ArriveWhileTheUpstreamStillWrites()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Start(200, "content-length: 10").ThenSend("01234").ThenWait(permission.Task).ThenSend("56789")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/"));
        var response = await client.ReadHeadAsync();
        var first = await Patience.Await(client.Reader.ReadExactlyAsync(5), "the first half");
        permission.SetResult();
        var second = await Patience.Await(client.Reader.ReadExactlyAsync(5), "the second half");

        Assert.Equal(200, response.Status);
        Assert.Equal("0123456789", Encoding.Latin1.GetString([.. first, .. second]));
    }

    [ProxyFact]
    public async Task RequestBody_FirstBytes_ArriveWhileTheCallerStillWrites()
    {
        var half = new TaskCompletionSource<byte[]>();
        var upstream = Own(ScriptedUpstream.Running(async connection =>
        {
            await connection.ReadHeadAsync();
            half.SetResult(await connection.Reader.ReadExactlyAsync(5));
            await connection.Reader.ReadExactlyAsync(5);
            await connection.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("POST", "/", "content-length: 10") + "01234");
        var arrived = await Patience.Await(half.Task, "the first half arrives");
        await client.SendAsync("56789");
        var response = await client.ReadResponseAsync();

        Assert.Equal(("01234", 200), (Encoding.Latin1.GetString(arrived), response.Status));
    }

    [ProxyTheory]
    [InlineData("text/event-stream", "transfer-encoding: chunked")]
    [InlineData("text/plain", "content-length: 2")]
    public async Task ResponseHeaders_BeforeAnyBodyByte_ArriveAtOnce(string type, string framing)
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Start(200, $"content-type: {type}", framing).ThenWait(permission.Task).ThenClose()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("GET", "/", $"accept: {type}"));
        var response = await client.ReadHeadAsync();
        permission.SetResult();

        Assert.Equal((200, type), (response.Status, response.Header("content-type")));
    }

    [ProxyFact]
    public async Task Expect100Continue_TheCallerWaits_BodyArrivesOnce()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Ok(request.BodyText)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("POST", "/", "content-length: 4", "expect: 100-continue"));
        var interim = await client.ReadAnyHeadAsync();
        await client.SendAsync("body");
        var response = await client.ReadResponseAsync();

        Assert.Equal((100, 200, "body"), (interim.Status, response.Status, response.BodyText));
        Assert.Equal("body", Assert.Single(upstream.Requests).BodyText);
    }

    [ProxyFact]
    public async Task Expect100Continue_BodySentAtOnce_BodyArrivesOnce()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Ok(request.BodyText)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(RequestWithBody("POST", "/1", "body", "expect: 100-continue") + Request("GET", "/2"));
        var first = await client.ReadResponseAsync();
        var second = await client.ReadResponseAsync();

        Assert.Equal((200, "body", 200), (first.Status, first.BodyText, second.Status));
        Assert.Equal(["/1", "/2"], upstream.Requests.Select(request => request.Target));
    }

    [ProxyTheory]
    [InlineData(5)]
    [InlineData(100_000)]
    public async Task Expect100Continue_RefusedByTheUpstream_IsPassedOnWithoutTheBody(int length)
    {
        var upstream = Own(ScriptedUpstream.Running(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            connection.Close();
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = proxy.Connect();

        await client.SendAsync(Request("POST", "/", $"content-length: {length}", "expect: 100-continue"));
        var response = await client.ReadResponseAsync();

        // What comes next could be the body or not, so nothing comes next.
        Assert.Equal((413, "close"), (response.Status, response.Header("connection")));
    }

    private static async Task<string> NextEventAsync(RawClient client) =>
        Encoding.Latin1.GetString((await Patience.Await(client.Reader.ReadThroughAsync("\n\n"u8.ToArray()), "an event"))!);

    private static async Task<byte[]> EchoAsync(ClientWebSocket socket, byte[] message, WebSocketMessageType type)
    {
        // Receiving while sending: the echo of a large message fills every buffer between the two ends.
        var sending = socket.SendAsync(message, type, true, default);
        var echoed = new byte[message.Length];
        var received = 0;
        while (received < echoed.Length)
        {
            received += (await Patience.Await(socket.ReceiveAsync(echoed.AsMemory(received), default).AsTask(), "the echo")).Count;
        }

        await sending;
        return echoed;
    }

    private static async Task<ClientWebSocket> ConnectAsync(IProxyUnderTest proxy, string? subProtocol = null)
    {
        var socket = new ClientWebSocket();
        if (subProtocol is not null)
        {
            socket.Options.AddSubProtocol(subProtocol);
        }

        await Patience.Await(socket.ConnectAsync(new Uri($"ws://{proxy.Reverse}/ws"), default), "the upgrade");
        return socket;
    }
}

/// <summary>In process.</summary>
public sealed class StreamingManaged() : StreamingTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class StreamingNative() : StreamingTests(ProxyKind.Native), INativeSuite;
