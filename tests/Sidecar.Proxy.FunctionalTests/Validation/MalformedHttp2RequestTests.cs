namespace Sidecar.Proxy.FunctionalTests.Validation;

/// <summary>
/// What HTTP/2 can carry and HTTP/1.1 cannot: header injection by downgrade. Each row ends in a refusal (status, stream
/// reset or connection end) and the HTTP/1.1 upstream sees not a byte.
/// </summary>
public abstract class MalformedHttp2RequestTests(ProxyKind kind) : ProxySuite(kind)
{
    private static readonly (string, string)[] Pseudo = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/")];

    /// <summary>Name of the case; the headers are looked up, since theory data must be simple.</summary>
    public static TheoryData<string> Names { get; } = [.. Cases.Keys];

    private static Dictionary<string, (string Name, string Value)[]> Cases => new()
    {
        ["CR in value"] = [.. Pseudo, ("x-a", "1\rEvil: 2")],
        ["LF in value"] = [.. Pseudo, ("x-a", "1\nEvil: 2")],
        ["CRLF in value"] = [.. Pseudo, ("x-a", "1\r\nEvil: 2")],
        ["NUL in value"] = [.. Pseudo, ("x-a", "1\0")],
        ["control in value"] = [.. Pseudo, ("x-a", "1\u0001")],
        ["CRLF in name"] = [.. Pseudo, ("x-a: 1\r\nevil", "2")],
        ["colon in name"] = [.. Pseudo, ("a:b", "2")],
        ["space in name"] = [.. Pseudo, ("sp ace", "2")],
        ["upper case name"] = [.. Pseudo, ("X-Upper", "2")],
        ["empty name"] = [.. Pseudo, ("", "2")],
        ["non-ASCII name"] = [.. Pseudo, ("caf\u00e9", "2")],
        ["transfer-encoding"] = [.. Pseudo, ("transfer-encoding", "chunked")],
        ["transfer_encoding"] = [.. Pseudo, ("transfer_encoding", "chunked")],
        ["connection"] = [.. Pseudo, ("connection", "close")],
        ["keep-alive"] = [.. Pseudo, ("keep-alive", "timeout=5")],
        ["proxy-connection"] = [.. Pseudo, ("proxy-connection", "keep-alive")],
        ["upgrade"] = [.. Pseudo, ("upgrade", "h2c")],
        ["te other than trailers"] = [.. Pseudo, ("te", "gzip")],
        ["pseudo after regular"] = [(":method", "GET"), (":scheme", "http"), ("x-a", "1"), (":authority", "app.test"), (":path", "/")],
        ["two paths"] = [.. Pseudo, (":path", "/other")],
        ["unknown pseudo"] = [.. Pseudo, (":evil", "1")],
        ["no method"] = [(":scheme", "http"), (":authority", "app.test"), (":path", "/")],
        ["no path"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test")],
        ["no authority and no host"] = [(":method", "GET"), (":scheme", "http"), (":path", "/")],
        ["CRLF in method"] = [(":method", "GET / HTTP/1.1\r\nEvil: 1\r\n\r\n"), (":scheme", "http"), (":authority", "app.test"), (":path", "/")],
        ["space in method"] = [(":method", "GET /x"), (":scheme", "http"), (":authority", "app.test"), (":path", "/")],
        ["CRLF in path"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/ HTTP/1.1\r\nEvil: 1")],
        ["space in path"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/a b")],
        ["space in query"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/?a b")],
        ["control in path"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/a\u0001")],
        ["DEL in path"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "/a\u007f")],
        ["path without slash"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "x")],
        ["absolute path"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test"), (":path", "http://evil.test/")],
        ["odd scheme"] = [(":method", "GET"), (":scheme", "http://evil/x?"), (":authority", "app.test"), (":path", "/")],
        ["scheme ftp"] = [(":method", "GET"), (":scheme", "ftp"), (":authority", "app.test"), (":path", "/")],
        ["CRLF in authority"] = [(":method", "GET"), (":scheme", "http"), (":authority", "app.test\r\nEvil: 1"), (":path", "/")],
        ["userinfo in authority"] = [(":method", "GET"), (":scheme", "http"), (":authority", "u@app.test"), (":path", "/")],
        ["content-length without body"] = [.. Pseudo, ("content-length", "5")],
        ["CONNECT"] = [(":method", "CONNECT"), (":authority", "evil.test:443")],
        ["too many headers"] = [.. Pseudo, .. Enumerable.Range(0, 300).Select(i => ($"x-{i}", "1"))],
        ["headers too large"] = [.. Pseudo, .. Enumerable.Range(0, 12).Select(i => ($"x-{i}", new string('a', 1_000))), .. Enumerable.Range(0, 4).Select(i => ($"y-{i}", "1"))],
    };

    [ProxyTheory]
    [MemberData(nameof(Names))]
    public async Task Request_Malformed_IsRefusedAndNothingReachesTheUpstream(string name)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var limits = name == "headers too large" ? "limits: { headers: 8KiB }" : "";
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1", Root = limits });
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);

        var result = await client.ExchangeAsync(Cases[name]);

        Assert.True(result.IsRefused, $"{name}: {result.Status}");
        Assert.Equal(0, upstream.BytesReceived);
    }

    [ProxyFact]
    public async Task AuthorityAndHost_Disagreeing_AreNeverSplit()
    {
        // The server below us lets the authority win before we see the request: everywhere, then, or nowhere.
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1", Match = "hosts: [app.test]" });
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);

        var result = await client.ExchangeAsync([.. Pseudo, ("host", "evil.test")]);

        Assert.True(result.IsRefused || result.Status == 200);
        Assert.All(upstream.Requests, request => Assert.Equal(["app.test"], request.All("host")));
        Assert.All(upstream.Requests, request => Assert.DoesNotContain("evil", System.Text.Encoding.Latin1.GetString(request.Head), StringComparison.Ordinal));
    }

    [ProxyFact]
    public async Task Request_RefusedByOurValidators_LeavesTheOtherStreamsAlone()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("bystander").After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1" });
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);
        var bystander = client.NextStreamId();
        await client.Frames.WriteHeadersAsync(bystander, endStream: true, Pseudo);
        await upstream.WaitForRequestsAsync(1);

        var refused = await client.ExchangeAsync([.. Pseudo, ("sp ace", "2")]);
        permission.SetResult();
        var result = await client.ReadResultAsync(bystander);

        Assert.True(refused is { IsRefused: true, IsConnectionLost: false });
        Assert.Equal((200, "bystander"), (result.Status, System.Text.Encoding.Latin1.GetString(result.Body)));
    }

    [ProxyTheory]
    [InlineData("x-a\r\nevil", "1")]
    [InlineData("x-a", "1\r\nevil: 2")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData(":path", "/evil")]
    public async Task Trailers_Malformed_NeverReachTheUpstream(string name, string value)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1" });
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);
        var streamId = client.NextStreamId();

        await client.Frames.WriteHeadersAsync(streamId, endStream: false, (":method", "POST"), (":scheme", "http"), (":authority", "app.test"), (":path", "/"));
        await client.Frames.WriteDataAsync(streamId, endStream: false, [1, 2, 3]);
        await client.Frames.WriteHeadersAsync(streamId, endStream: true, (name, value));
        await client.ReadResultAsync(streamId);

        Assert.All(upstream.Requests, request =>
        {
            Assert.Empty(request.TrailerLines);
            Assert.DoesNotContain(request.HeaderLines, line => line.Contains("evil", StringComparison.OrdinalIgnoreCase));
        });
    }
}

/// <summary>In process.</summary>
public sealed class MalformedHttp2RequestManaged() : MalformedHttp2RequestTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class MalformedHttp2RequestNative() : MalformedHttp2RequestTests(ProxyKind.Native), INativeSuite;
