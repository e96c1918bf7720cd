using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Startup;

/// <summary>Admin and metrics connections never enter the request path of traffic, and traffic never reaches a control.</summary>
public sealed class ListenerSwitch(RequestDelegate traffic, AdminEndpoints admin)
{
    /// <summary>Runs once per request.</summary>
    public Task InvokeAsync(HttpContext context) => context.Features.Get<ListenerFeature>()?.Kind switch
    {
        ListenerKind.Reverse or ListenerKind.Outbound or ListenerKind.Inbound => traffic(context),
        ListenerKind.Metrics => admin.HandleMetricsAsync(context),
        ListenerKind.Admin => admin.HandleAdminAsync(context),
        _ => throw new InvalidOperationException("The connection came in by no listener of ours."),
    };
}
