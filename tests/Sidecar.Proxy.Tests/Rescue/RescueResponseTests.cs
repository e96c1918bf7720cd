using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Rescue;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Rescue;

public class RescueResponseTests
{
    [Fact]
    public async Task WriteAsync_Http_IsAProblemDocument()
    {
        var (context, record) = Request();
        record.RefusedFor = TimeSpan.FromSeconds(2.1);
        record.Fail(ProxyError.CircuitOpen);

        await RescueResponse.WriteAsync(context, record);

        var body = Body(context);
        Assert.Equal(503, context.Response.StatusCode);
        Assert.Equal("application/problem+json", context.Response.ContentType);
        Assert.Equal("CB", context.Response.Headers["x-sidecar-flags"]);
        Assert.Equal("3", context.Response.Headers.RetryAfter);
        Assert.Equal("r-1", context.Response.Headers["x-request-id"]);
        Assert.Equal(("CB", "orders", "r-1", 503), (body.GetProperty("flag").GetString(), body.GetProperty("route").GetString(), body.GetProperty("requestId").GetString(), body.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task WriteAsync_Grpc_IsTrailersOnly()
    {
        var (context, record) = Request();
        record.IsGrpc = true;
        record.Fail(ProxyError.RequestTimeout);

        await RescueResponse.WriteAsync(context, record);

        Assert.Equal(200, context.Response.StatusCode);
        Assert.Equal("4", context.Response.Headers["grpc-status"]);
        Assert.Equal("UT", context.Response.Headers["x-sidecar-flags"]);
        Assert.Equal(4, record.GrpcStatus);
        Assert.Equal(0, context.Response.Body.Length);
    }

    [Fact]
    public async Task WriteAsync_Head_HasNoBody()
    {
        var (context, record) = Request();
        record.Method = "HEAD";
        record.Fail(ProxyError.NoRoute);

        await RescueResponse.WriteAsync(context, record);

        Assert.Equal(404, context.Response.StatusCode);
        Assert.Equal(0, context.Response.Body.Length);
        Assert.True(context.Response.ContentLength > 0);
    }

    [Fact]
    public async Task WriteAsync_UntrustedFraming_Closes()
    {
        var (context, record) = Request();
        record.ClosesConnection = true;
        record.Fail(ProxyError.MalformedRequest, "x", 417);

        await RescueResponse.WriteAsync(context, record);

        Assert.Equal(417, context.Response.StatusCode);
        Assert.Equal("close", context.Response.Headers.Connection);
    }

    [Fact]
    public async Task WriteAsync_HeadersOfAnUnfinishedAnswer_AreGone()
    {
        var (context, record) = Request();
        context.Response.Headers["x-from-upstream"] = "1";
        record.Fail(ProxyError.UpstreamClosed);

        await RescueResponse.WriteAsync(context, record);

        Assert.False(context.Response.Headers.ContainsKey("x-from-upstream"));
        Assert.Equal(502, context.Response.StatusCode);
    }

    private static (DefaultHttpContext Context, RequestRecord Record) Request()
    {
        var context = new DefaultHttpContext();
        context.Request.Protocol = "HTTP/1.1";
        context.Response.Body = new MemoryStream();
        return (context, new RequestRecord { Method = "GET", Route = "orders", RequestId = "r-1" });
    }

    private static JsonElement Body(DefaultHttpContext context)
    {
        using var document = JsonDocument.Parse(((MemoryStream)context.Response.Body).ToArray());
        return document.RootElement.Clone();
    }
}
