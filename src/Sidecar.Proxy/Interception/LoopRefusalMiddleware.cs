using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Interception;

/// <summary>Answers <c>LD</c> to requests of connections that lead back to the proxy. Not async: it adds no frame to the request.</summary>
public sealed class LoopRefusalMiddleware(RequestDelegate next)
{
    /// <summary>Runs once per request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var record = RequestRecord.Of(context);
        if (ListenerFeature.Of(record) is not { Refusal: { } reason })
        {
            return next(context);
        }

        record.ClosesConnection = true;
        record.Fail(ProxyError.Loop, reason);
        return Task.CompletedTask;
    }
}
