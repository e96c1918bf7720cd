using System.Net;
using Microsoft.AspNetCore.Http;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Rescue;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Overload;

public class OverloadMiddlewareTests
{
    private readonly TrafficCounters _counters = new();
    private readonly DrainState _drain = new();

    [Theory]
    [InlineData(ListenerKind.Outbound, false)]
    [InlineData(ListenerKind.Inbound, true)]
    [InlineData(ListenerKind.Reverse, true)]
    public async Task InvokeAsync_DrainIsClosing_OutboundIsUntouched(ListenerKind kind, bool closes)
    {
        _drain.Advance(DrainPhase.Closing);

        var (context, isServed) = await RunAsync(kind);

        Assert.True(isServed);
        Assert.Equal(closes ? "close" : "", context.Response.Headers.Connection.ToString());
        Assert.Equal(closes, context.Features.Get<RequestRecord>()!.ClosesConnection);
    }

    [Theory]
    [InlineData(ListenerKind.Outbound)]
    [InlineData(ListenerKind.Inbound)]
    [InlineData(ListenerKind.Reverse)]
    public async Task InvokeAsync_DrainIsRefusing_RefusesAll(ListenerKind kind)
    {
        _drain.Advance(DrainPhase.Refusing);

        var (context, isServed) = await RunAsync(kind);

        Assert.False(isServed);
        Assert.Equal((503, "DR", "close"), (context.Response.StatusCode, context.Response.Headers["x-sidecar-flags"].ToString(), context.Response.Headers.Connection.ToString()));
        Assert.Equal(1, _counters.Refused);
    }

    [Theory]
    [InlineData(ListenerKind.Outbound, 503)]
    [InlineData(ListenerKind.Inbound, 429)]
    [InlineData(ListenerKind.Reverse, 503)]
    public async Task InvokeAsync_OverTheLimit_IsRefusedAsItsDirectionSaysIt(ListenerKind kind, int status)
    {
        _counters.RequestStarted(Direction.Outbound);
        _counters.RequestStarted(Direction.Inbound);

        var (context, isServed) = await RunAsync(kind, limit: 1);

        Assert.False(isServed);
        Assert.Equal((status, "OV", "1"), (context.Response.StatusCode, context.Response.Headers["x-sidecar-flags"].ToString(), context.Response.Headers.RetryAfter.ToString()));
    }

    [Fact]
    public async Task InvokeAsync_AtTheLimit_IsServed()
    {
        _counters.RequestStarted(Direction.Outbound);

        Assert.True((await RunAsync(ListenerKind.Outbound, limit: 1)).IsServed);
    }

    private async Task<(HttpContext Context, bool IsServed)> RunAsync(ListenerKind kind, int limit = 10)
    {
        var context = new DefaultHttpContext { Request = { Protocol = "HTTP/1.1" }, Response = { Body = new MemoryStream() } };
        var feature = new ListenerFeature(kind, IPEndPoint.Parse("10.0.0.7:80"));
        var record = new RequestRecord { Method = "GET", Direction = LabelValues.Name(feature.Direction) };
        context.Features.Set(feature);
        context.Features.Set(record);
        var isServed = false;
        await new OverloadMiddleware(
            _ =>
            {
                isServed = true;
                return Task.CompletedTask;
            },
            _counters,
            _drain,
            () => limit).InvokeAsync(context);
        if (record.Failure != ProxyError.None)
        {
            await RescueResponse.WriteAsync(context, record);
        }

        return (context, isServed);
    }
}
