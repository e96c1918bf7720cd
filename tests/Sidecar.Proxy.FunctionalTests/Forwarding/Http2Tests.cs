using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Forwarding;

/// <summary>HTTP/2 on either side, told apart from HTTP/1.1 on one port.</summary>
public abstract class Http2Tests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyFact]
    public async Task Port_OfTheReverseListener_SpeaksBothVersions()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => Answer.Ok(request.Target)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1" });
        using var client = Http2Client();

        using var http2 = await client.SendAsync(proxy.Http2Request(HttpMethod.Get, "/two"), default);
        var http1 = await proxy.GetAsync("/one");

        Assert.Equal((HttpVersion.Version20, "/two"), (http2.Version, await http2.Content.ReadAsStringAsync()));
        Assert.Equal("/one", http1.BodyText);
        Assert.All(upstream.Requests, request => Assert.EndsWith("HTTP/1.1", request.StartLine, StringComparison.Ordinal));
    }

    [ProxyFact]
    public async Task Protocol_Auto_IsWhatTheCallerSpoke()
    {
        var seen = new List<string>();
        var upstream = Own(await KestrelUpstream.StartAsync(HttpProtocols.Http2, context => Record(context, seen)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = Http2Client();

        using var response = await client.SendAsync(proxy.Http2Request(HttpMethod.Get, "/"), default);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["HTTP/2"], seen);
    }

    [ProxyFact]
    public async Task Protocol_Http2_IsSpokenForAnHttp1Caller()
    {
        var seen = new List<string>();
        var upstream = Own(await KestrelUpstream.StartAsync(HttpProtocols.Http2, context => Record(context, seen)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http2" });

        var response = await proxy.GetAsync("/");

        Assert.Equal(200, response.Status);
        Assert.Equal(["HTTP/2"], seen);
    }

    [ProxyFact]
    public async Task Request_OverHttp2_KeepsTargetHostAndHeaders()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Status(201, "made", "x-up: 1")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1" });
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);

        var result = await client.ExchangeAsync((":method", "GET"), (":scheme", "http"), (":authority", "app.test:81"), (":path", "/a%2Fb//;c?d=%20"), ("x-down", "caf\u00e9"));

        Assert.Equal((201, "1"), (result.Status, result.Header("x-up")));
        Assert.Equal("made", System.Text.Encoding.Latin1.GetString(result.Body));
        var request = Assert.Single(upstream.Requests);
        Assert.Equal(("/a%2Fb//;c?d=%20", "app.test:81", "caf\u00e9"), (request.Target, request.Header("host"), request.Header("x-down")));
    }

    [ProxyFact]
    public async Task Body_OverHttp2BothSides_ArrivesAndReturnsUnchanged()
    {
        // Read whole before it answers: the client below reads no answer while it sends a byte array.
        var upstream = Own(await KestrelUpstream.StartAsync(HttpProtocols.Http2, async context =>
        {
            using var received = new MemoryStream();
            await context.Request.Body.CopyToAsync(received);
            await context.Response.Body.WriteAsync(received.ToArray());
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = Http2Client();
        var body = System.Security.Cryptography.RandomNumberGenerator.GetBytes(3_000_001);

        using var response = await Patience.Await(client.SendAsync(proxy.Http2Request(HttpMethod.Post, "/", new ByteArrayContent(body)), default), "the answer");

        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
    }

    [ProxyFact]
    public async Task Trailers_OfHttp2_AreKept()
    {
        var upstream = Own(await KestrelUpstream.StartAsync(HttpProtocols.Http2, async context =>
        {
            await context.Response.WriteAsync("body");
            context.Response.AppendTrailer("x-sum", "42");
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        using var client = Http2Client();

        using var response = await client.SendAsync(proxy.Http2Request(HttpMethod.Get, "/"), default);

        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal(["42"], response.TrailingHeaders.GetValues("x-sum"));
    }

    [ProxyFact]
    public async Task Streams_OfOneConnection_DoNotWaitForEachOther()
    {
        var slow = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target == "/slow" ? Answer.Ok("slow").After(slow.Task) : Answer.Ok("fast")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1" });
        using var client = Http2Client();

        var first = client.SendAsync(proxy.Http2Request(HttpMethod.Get, "/slow"), default);
        await upstream.WaitForRequestsAsync(1);
        using var second = await Patience.Await(client.SendAsync(proxy.Http2Request(HttpMethod.Get, "/fast"), default), "the second stream ends");
        slow.SetResult();
        using var firstResponse = await first;

        Assert.Equal(("fast", "slow"), (await second.Content.ReadAsStringAsync(), await firstResponse.Content.ReadAsStringAsync()));
    }

    [ProxyFact]
    public async Task Preface_SentByteByByte_IsStillHttp2()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1" });
        using var client = proxy.Connect();

        foreach (var value in Http2FrameStream.Preface.ToArray())
        {
            await client.SendAsync(new[] { value });
        }

        var frames = new Http2FrameStream(client.Stream, client.Reader);
        await frames.WriteAsync(Http2FrameType.Settings, 0, 0, ReadOnlyMemory<byte>.Empty);
        await frames.WriteHeadersAsync(1, endStream: true, (":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/"));
        var frame = await Patience.Await(frames.ReadAsync(), "an answer");

        Assert.Equal(Http2FrameType.Headers, frame!.Type);
        Assert.Equal((":status", "200"), frames.Decoder.Read(frame.Payload)[0]);
    }

    private static Task Record(HttpContext context, List<string> seen)
    {
        lock (seen)
        {
            seen.Add(context.Request.Protocol);
        }

        return context.Response.WriteAsync("ok");
    }
}

/// <summary>In process.</summary>
public sealed class Http2Managed() : Http2Tests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class Http2Native() : Http2Tests(ProxyKind.Native), INativeSuite;
