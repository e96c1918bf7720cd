using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Routing;

/// <summary>
/// Freezes the one decision of a request: the route that endpoint routing found, with its policy as it is now. What
/// ASP.NET would answer itself (404, 405) is <c>NR</c>: a route that does not match the method does not match.
/// </summary>
public sealed class RouteSelectionMiddleware(RequestDelegate next)
{
    /// <summary>Runs once per request, after endpoint routing.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var record = context.Features.GetRequiredFeature<RequestRecord>();
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteHandle>()?.Current is not { } route)
        {
            context.SetEndpoint(null);
            record.Fail(ProxyError.NoRoute);
            return Task.CompletedTask;
        }

        record.Route = route.Compiled.Id;
        record.Cluster = route.Compiled.Route.ClusterId;
        context.Features.Set(route);
        return next(context);
    }
}
