using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Rescue;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Validation;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// The table of contents of the request path. A request goes down this list; each line says why it stands there. Below
/// <see cref="ForwardingMiddleware"/> the upstream half begins: its order is in <see cref="Policies.RoutePolicyEngine"/>.
/// Per connection, before any of it: <see cref="Listeners"/> (limit → protocol detection → HTTP).
/// </summary>
public static class ProxyPipeline
{
    /// <summary>Builds the stack.</summary>
    public static void Build(WebApplication app, ProxyParts parts)
    {
        // Controls never share a line of the path below: they must work when traffic does not.
        app.Use(next => new ListenerSwitch(next, parts.Admin).InvokeAsync);

        // Outermost: times and logs what every other layer does, rescued failures included.
        app.Use(next => new RequestTelemetryMiddleware(
            next, static context => context.Features.Get<ListenerFeature>()?.Direction ?? Direction.Reverse, parts.Telemetry, parts.Counters, parts.RequestIds, parts.Time).InvokeAsync);

        // Above everything that can fail, below telemetry: what the caller sees is what is logged.
        app.Use(next => new RescueMiddleware(next, parts.InternalDefect).InvokeAsync);

        // Before any work: what leads back to ourselves is not served.
        app.Use(next => new LoopRefusalMiddleware(next).InvokeAsync);

        // Before anything trusts a byte of the request: routing reads its target, overload its protocol.
        app.Use(next => new RequestValidationMiddleware(next).InvokeAsync);

        // Before routing: refusing must cost nothing.
        app.Use(next => new OverloadMiddleware(next, parts.Counters, parts.Drain, parts.InFlightLimit).InvokeAsync);

        // Yarp's initializer sets its route feature; its balancing, health and affinity are not here: destinations are
        // chosen per attempt, below retry. Terminal.
        var forwarding = new ForwardingMiddleware(
            app.Services.GetRequiredService<Yarp.ReverseProxy.Forwarder.IHttpForwarder>(),
            app.Services.GetRequiredService<Yarp.ReverseProxy.Forwarder.IForwarderHttpClientFactory>(),
            new ExchangeTransformer(() => parts.Drain.Phase >= DrainPhase.Closing),
            parts.ReplayMemory,
            parts.Originals,
            parts.Time);

        // ASP.NET's matcher with Yarp's endpoints; order among them is ours (RouteOrdering).
        app.UseRouting();

        // One decision per request, frozen once: route, policy and cluster as they are at this moment.
        app.Use(next => new RouteSelectionMiddleware(next, forwarding.InvokeAsync, parts.Routes, parts.Unmatched).InvokeAsync);

        app.MapReverseProxy(proxy => proxy.Run(forwarding.InvokeAsync))
            .ConfigureEndpoints((endpoint, route) => endpoint.WithMetadata(parts.Routes.Handle(SnapshotCompiler.RouteIdOf(route.RouteId))));
    }
}
