using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>Admin and metrics connections never enter the request path of traffic, and traffic never reaches a control.</summary>
public sealed class ListenerSwitch(Func<HttpContext, ICallerConnection, Task> traffic, AdminEndpoints admin)
{
    /// <summary>Runs once per request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var listener = (ListenerFeature?)context.Features[typeof(ListenerFeature)];
        return listener?.Kind switch
        {
            ListenerKind.Reverse or ListenerKind.Outbound or ListenerKind.Inbound => traffic(context, listener),
            ListenerKind.Metrics => admin.HandleMetricsAsync(context),
            ListenerKind.Admin => admin.HandleAdminAsync(context),
            _ => throw new InvalidOperationException("The connection came in by no listener of ours."),
        };
    }
}
