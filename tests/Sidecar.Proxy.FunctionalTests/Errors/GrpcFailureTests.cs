using System.Globalization;

namespace Sidecar.Proxy.FunctionalTests.Errors;

/// <summary>The same failures for gRPC callers: HTTP 200, trailers-only, the promised status.</summary>
public abstract class GrpcFailureTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyFact]
    public async Task NR_IsUnimplemented()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address) with { Match = "path: /only" });

        await AssertFailureAsync(proxy, 12, "NR");
    }

    [ProxyFact]
    public async Task UF_IsUnavailable()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address, "retry: off"));

        await AssertFailureAsync(proxy, 14, "UF");
    }

    [ProxyFact]
    public async Task UC_IsUnavailable()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Nothing.ThenReset()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off") with { Cluster = "protocol: http1" });

        await AssertFailureAsync(proxy, 14, "UC");
    }

    [ProxyFact]
    public async Task UP_IsInternal()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Raw("garbage\r\n\r\n").ThenClose()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off") with { Cluster = "protocol: http1" });

        await AssertFailureAsync(proxy, 13, "UP");
    }

    [ProxyTheory]
    [InlineData("request: 200ms", "UT")]
    [InlineData("perTry: 200ms", "PT")]
    public async Task UTandPT_AreDeadlineExceeded(string timeouts, string flag)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Never));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, $$"""retry: off, timeouts: { {{timeouts}} }""") with { Cluster = "protocol: http1" });

        await AssertFailureAsync(proxy, 4, flag);
    }

    [ProxyFact]
    public async Task CB_IsUnavailable()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address, "retry: off, circuitBreaker: { consecutiveFailures: 1, open: { base: 60s } }"));
        await AssertFailureAsync(proxy, 14, "UF");

        await AssertFailureAsync(proxy, 14, "CB");
    }

    [ProxyFact]
    public async Task OV_IsResourceExhausted()
    {
        var permission = new TaskCompletionSource();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok().After(permission.Task)));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Cluster = "protocol: http1, connections: { max: 1 }" });
        var held = proxy.GetAsync();
        await upstream.WaitForRequestsAsync(1);

        await AssertFailureAsync(proxy, 8, "OV");
        permission.SetResult();
        await held;
    }

    [ProxyFact]
    public async Task UH_IsUnavailable()
    {
        var proxy = await StartAsync(TestDocument.Head + """
            routes: { app: { match: { path: "/{**rest}" }, cluster: app } }
            clusters: { app: { dns: { name: no-such-name.invalid, port: 80 } } }
            """);

        await AssertFailureAsync(proxy, 14, "UH");
    }

    private static async Task AssertFailureAsync(IProxyUnderTest proxy, int grpcStatus, string flag)
    {
        using var client = await RawHttp2Client.ConnectAsync(proxy.Reverse);

        var result = await client.ExchangeAsync(
            (":method", "POST"), (":scheme", "http"), (":authority", "app.test"), (":path", "/test.Service/Method"), ("content-type", "application/grpc"), ("te", "trailers"));

        Assert.Equal((200, "application/grpc"), (result.Status, result.Header("content-type")));
        Assert.Equal(grpcStatus.ToString(CultureInfo.InvariantCulture), result.Header("grpc-status"));
        Assert.Equal(flag, result.Header("x-sidecar-flags"));
        Assert.Empty(result.Trailers);
        Assert.Empty(result.Body);
    }
}

/// <summary>In process.</summary>
public sealed class GrpcFailureManaged() : GrpcFailureTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class GrpcFailureNative() : GrpcFailureTests(ProxyKind.Native), INativeSuite;
