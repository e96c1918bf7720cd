using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Routing;

/// <summary>
/// Freezes the one decision of a request: the route that endpoint routing found, with its policy as it is now. What
/// ASP.NET would answer itself (404, 405) is no match: <c>NR</c> on the reverse listener, <c>passthrough</c> on
/// intercepted traffic. The last of the layers that decide; forwarding takes the route from here.
/// </summary>
/// <param name="routes">Has the built-in route.</param>
/// <param name="unmatched">Remembers the busiest hosts without a route.</param>
public sealed class RouteSelectionMiddleware(RouteTable routes, UnmatchedHosts unmatched)
{
    /// <summary>Runs once per request, after endpoint routing.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var record = RequestRecord.Of(context);
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteHandle>()?.Current is { } route)
        {
            Take(record, route);
            return Task.CompletedTask;
        }

        context.SetEndpoint(null);
        if (routes.Passthrough is { } passthrough && ListenerFeature.Of(record) is { Original: not null })
        {
            unmatched.Add(record.Direction, record.Host);
            Take(record, passthrough);
            return Task.CompletedTask;
        }

        record.Fail(ProxyError.NoRoute);
        return Task.CompletedTask;
    }

    private static void Take(RequestRecord record, LiveRoute route)
    {
        record.Route = route.Compiled.Id;
        record.Cluster = route.Compiled.Route.ClusterId;
        record.Decision = route;
    }
}
