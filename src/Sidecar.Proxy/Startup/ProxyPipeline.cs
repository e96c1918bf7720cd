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
    public static void Build(ProxyServer server, ProxyParts parts)
    {
        var app = server.Pipeline;

        var forwarding = new ForwardingMiddleware(
            server.Services.GetRequiredService<Yarp.ReverseProxy.Forwarder.IHttpForwarder>(),
            () => parts.Drain.Phase >= DrainPhase.Closing,
            parts.ReplayMemory,
            parts.Originals,
            parts.Time);

        // Controls never share a line of the path below: they must work when traffic does not. Then two layers around all others.
        // Outermost telemetry: it times and logs what every other layer does, rescued failures included. Then rescue, above
        // everything that can fail: what the caller sees is what is logged. In them the layers below, which decide about the
        // request and return, and then the one that forwards. What these know of a request is handed down, not looked up.
        app.Use(decide => new ListenerSwitch(
            new TrafficMiddleware(
                new RequestAccount(parts.Telemetry, parts.Counters, parts.RequestIds, parts.Time),
                new FailureRescue(parts.InternalDefect),
                decide,
                forwarding.InvokeAsync).InvokeAsync,
            parts.Admin).InvokeAsync);

        // Before any work: what leads back to ourselves is not served.
        app.Use(next => new LoopRefusalMiddleware(next).InvokeAsync);

        // Before anything trusts a byte of the request: routing reads its target, overload its protocol.
        app.Use(next => new RequestValidationMiddleware(next).InvokeAsync);

        // Before routing: refusing must cost nothing.
        app.Use(next => new OverloadMiddleware(next, parts.Counters, parts.Drain, parts.InFlightLimit).InvokeAsync);

        // ASP.NET's matcher with Yarp's endpoints; order among them is ours (RouteOrdering).
        app.UseRouting();

        // One decision per request, frozen once: route, policy and cluster as they are at this moment. The last that decides.
        app.Use(_ => new RouteSelectionMiddleware(parts.Routes, parts.Unmatched).InvokeAsync);

        // Endpoints for the matcher. Only routes with Yarp's transforms run theirs (ForwardingMiddleware): Yarp's balancing,
        // health and affinity are not here, since destinations are chosen per attempt, below retry.
        app.UseEndpoints(endpoints => endpoints.MapReverseProxy(proxy => proxy.Run(forwarding.TransformAsync))
            .ConfigureEndpoints((endpoint, route) => endpoint.WithMetadata(parts.Routes.Handle(SnapshotCompiler.RouteIdOf(route.RouteId)))));
    }
}
