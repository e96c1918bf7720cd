using System.Net;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Routing;

public sealed class RouteSelectionMiddlewareTests : IAsyncDisposable
{
    private static readonly ListenerFeature Intercepted = new(ListenerKind.Outbound, IPEndPoint.Parse("10.0.0.7:80"));

    private readonly RunningRoutes _routes = new("orders: { direction: outbound, match: { path: '/orders' }, cluster: c }");
    private readonly UnmatchedHosts _unmatched = new();
    private readonly RequestRecord _record = new() { Direction = "outbound", Host = "a.test" };

    public async ValueTask DisposeAsync() => await _routes.DisposeAsync();

    [Fact]
    public async Task InvokeAsync_RouteMatched_IsTaken()
    {
        var context = await SelectAsync(Intercepted, Endpoint("orders"));

        Assert.Equal(("orders", "c"), (_record.Route, _record.Cluster));
        Assert.Same(_routes.Table.Handle("orders").Current, LiveRoute.Of(RequestRecord.Of(context)));
        Assert.Empty(_unmatched.Busiest());
    }

    [Fact]
    public async Task InvokeAsync_NoRouteOnInterceptedTraffic_PassesThrough()
    {
        // What ASP.NET would answer with 405 is no match either.
        var context = await SelectAsync(Intercepted, new Endpoint(_ => throw new InvalidOperationException(), null, "405"));

        Assert.Null(context.GetEndpoint());
        Assert.True(LiveRoute.Of(RequestRecord.Of(context))!.Compiled.IsPassthrough);
        Assert.Equal(("", "original", ProxyError.None), (_record.Route, _record.Cluster, _record.Failure));
        Assert.Equal(new UnmatchedHost("outbound", "a.test", 1, 0), Assert.Single(_unmatched.Busiest()));
    }

    [Theory]
    [InlineData(ListenerKind.Reverse)]
    [InlineData(ListenerKind.Outbound)] // dialled directly: there is nowhere to pass it to
    public async Task InvokeAsync_NoRouteElsewhere_IsRefused(ListenerKind kind)
    {
        var context = await SelectAsync(new ListenerFeature(kind), null);

        Assert.Equal(ProxyError.NoRoute, _record.Failure);
        Assert.Null(LiveRoute.Of(RequestRecord.Of(context)));
        Assert.Empty(_unmatched.Busiest());
    }

    [Fact]
    public async Task InvokeAsync_NothingIsIntercepted_IsRefused()
    {
        _routes.Table.Passthrough = null;

        await SelectAsync(Intercepted, null);

        Assert.Equal(ProxyError.NoRoute, _record.Failure);
    }

    [Fact]
    public async Task InvokeAsync_RouteThatIsGone_IsNoMatch()
    {
        var endpoint = Endpoint("orders");
        _routes.Apply("other: { direction: outbound, match: { path: '/other' }, cluster: c }");

        var context = await SelectAsync(Intercepted, endpoint);

        Assert.True(LiveRoute.Of(RequestRecord.Of(context))!.Compiled.IsPassthrough);
    }

    private Endpoint Endpoint(string id) => new(_ => Task.CompletedTask, new EndpointMetadataCollection(_routes.Table.Handle(id)), id);

    private async Task<HttpContext> SelectAsync(ListenerFeature listener, Endpoint? endpoint)
    {
        var context = new DefaultHttpContext();
        context.Features.Set(_record);
        _record.Caller = listener;
        context.SetEndpoint(endpoint);
        await new RouteSelectionMiddleware(_routes.Table, _unmatched).InvokeAsync(context);
        return context;
    }
}
