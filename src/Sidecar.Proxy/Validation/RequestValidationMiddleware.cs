using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Validation;

/// <summary>Refuses malformed requests (<c>BR</c>) before anything reads them. Not async: it adds no frame to the request.</summary>
public sealed class RequestValidationMiddleware(RequestDelegate next)
{
    /// <summary>Runs once per request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (RequestValidator.Check(context) is not { } refusal)
        {
            return next(context);
        }

        var record = RequestRecord.Of(context);
        record.Fail(ProxyError.MalformedRequest, refusal.Reason, refusal.Status);
        record.ClosesConnection |= refusal.ClosesConnection;
        return Task.CompletedTask;
    }
}
