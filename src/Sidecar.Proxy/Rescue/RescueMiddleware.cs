using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Pooling;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Rescue;

/// <summary>
/// The one place where a failure becomes an answer: above everything that can fail, below telemetry, so that what the
/// caller sees is what is logged. Layers below say what failed (<see cref="RequestRecord.Fail"/>) and return;
/// exceptions are for what nobody expected.
/// </summary>
/// <param name="decide">The layers that decide about a request: refuse it, or choose its route.</param>
/// <param name="forward">Carries a request that was given a route; does nothing for others.</param>
/// <param name="internalDefect">Told of what nobody expected.</param>
public sealed class RescueMiddleware(RequestDelegate decide, Func<HttpContext, RequestRecord, ValueTask> forward, Action<RequestRecord, Exception> internalDefect)
{
    /// <summary>Runs once per request.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder))]
    public async ValueTask InvokeAsync(HttpContext context, RequestRecord record)
    {
        try
        {
            await decide(context);
            await forward(context, record);
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
            Break(context, record);
            return;
        }

        if (context.Response.HasStarted || record.Failure == ProxyError.CallerGone)
        {
            // Too late for an answer: the caller must see a broken transfer, never a clean end.
            Break(context, record);
            return;
        }

        await RescueResponse.WriteAsync(context, record);
    }

    /// <summary>Ends the exchange without an answer, as far as possible in the way in which the upstream ended it.</summary>
    private static void Break(HttpContext context, RequestRecord record)
    {
        if (record.ResetCode is { } code && context.Features.Get<IHttpResetFeature>() is { } stream)
        {
            stream.Reset(code);
            return;
        }

        if (record is { MirrorsFailures: true, IsOrderlyClose: true } && !context.Response.HasStarted && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // The abort below resets; behind an orderly end the reset is not seen any more.
            EndOrderly(context.Features.Get<IConnectionSocketFeature>()?.Socket);
        }

        context.Abort();
    }

    private static void EndOrderly(Socket? socket)
    {
        try
        {
            socket?.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The caller was faster.
        }
    }
}
