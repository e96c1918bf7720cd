using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Rescue;

/// <summary>
/// The one place where a failure becomes an answer: above everything that can fail, below telemetry, so that what the
/// caller sees is what is logged. Layers below say what failed (<see cref="RequestRecord.Fail"/>) and return;
/// exceptions are for what nobody expected.
/// </summary>
public sealed class RescueMiddleware(RequestDelegate next, Action<RequestRecord, Exception> internalDefect)
{
    /// <summary>Runs once per request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var record = context.Features.GetRequiredFeature<RequestRecord>();
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e)
        {
            // Kestrel found the request's body malformed, too large or too slow while we read it.
            record.Fail(ProxyError.MalformedRequest, e.Message, e.StatusCode);
            record.ClosesConnection = true;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            record.Fail(ProxyError.CallerGone);
        }
        catch (Exception e)
        {
            record.Fail(ProxyError.InternalDefect, e.GetType().Name);
            internalDefect(record, e);
        }

        if (record.Failure == ProxyError.None)
        {
            return;
        }

        if (!context.Response.HasStarted && record.MirrorsFailures && record.Failure is ProxyError.ConnectFailed or ProxyError.UpstreamClosed)
        {
            // What the kernel would have said to the application: a reset. The status is for the log only.
            context.Response.StatusCode = ProxyErrorTable.Row(record.Failure).Status;
            context.Abort();
            return;
        }

        if (context.Response.HasStarted || record.Failure == ProxyError.CallerGone)
        {
            // Too late for an answer: the caller must see a broken transfer, never a clean end.
            context.Abort();
            return;
        }

        await RescueResponse.WriteAsync(context, record);
    }
}
