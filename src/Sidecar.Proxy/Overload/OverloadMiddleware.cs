using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Overload;

/// <summary>
/// Refuses before any work is done: over the limit of requests in flight (<c>OV</c>), or at the end of a drain
/// (<c>DR</c>). Above routing, so that shedding costs nothing. Not async: it adds no frame to the request.
/// </summary>
public sealed class OverloadMiddleware(RequestDelegate next, TrafficCounters counters, DrainState drain, Func<int> inFlightLimit)
{
    private static readonly TimeSpan ComeBackAfter = TimeSpan.FromSeconds(1);

    /// <summary>Runs once per request; the telemetry layer has counted it as in flight already.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var phase = drain.Phase;
        if (phase == DrainPhase.Refusing || (phase >= DrainPhase.Closing && context.Features.Get<ListenerFeature>()?.Kind != ListenerKind.Outbound))
        {
            // The application still needs its way out while it finishes: outbound is untouched until the very end.
            RequestRecord.Of(context).ClosesConnection = true;
            if (phase == DrainPhase.Refusing)
            {
                return Refuse(context, ProxyError.Draining);
            }

            if (!HttpProtocol.IsHttp2(context.Request.Protocol))
            {
                context.Response.Headers.Connection = "close";
            }
        }

        return counters.InFlight > inFlightLimit() ? Refuse(context, ProxyError.Overloaded) : next(context);
    }

    private Task Refuse(HttpContext context, ProxyError error)
    {
        var record = RequestRecord.Of(context);
        record.RefusedFor = ComeBackAfter;
        record.Fail(error);
        counters.RequestRefused();
        return Task.CompletedTask;
    }
}
