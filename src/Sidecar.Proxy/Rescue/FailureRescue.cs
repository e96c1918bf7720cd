using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
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
/// <param name="internalDefect">Told of what nobody expected.</param>
public sealed class FailureRescue(Action<RequestRecord, Exception> internalDefect)
{
    /// <summary>A layer below threw: the record learns why.</summary>
    public void Note(HttpContext context, RequestRecord record, Exception exception)
    {
        if (exception is BadHttpRequestException bad)
        {
            // Kestrel found the request's body malformed, too large or too slow while we read it.
            record.Fail(ProxyError.MalformedRequest, bad.Message, bad.StatusCode);
            record.ClosesConnection = true;
        }
        else if (context.RequestAborted.IsCancellationRequested)
        {
            record.Fail(ProxyError.CallerGone);
        }
        else
        {
            record.Fail(ProxyError.InternalDefect, exception.GetType().Name);
            internalDefect(record, exception);
        }
    }

    /// <summary>Says to the caller, as far as that can be said now, what the record says.</summary>
    public Task AnswerAsync(HttpContext context, RequestRecord record)
    {
        if (!context.Response.HasStarted && record.MirrorsFailures && record.Failure is ProxyError.ConnectFailed or ProxyError.UpstreamClosed)
        {
            // What the kernel would have said to the application: a reset. The status is for the log only.
            context.Response.StatusCode = ProxyErrorTable.Row(record.Failure).Status;
            Break(context, record);
            return Task.CompletedTask;
        }

        if (context.Response.HasStarted || record.Failure == ProxyError.CallerGone)
        {
            // Too late for an answer: the caller must see a broken transfer, never a clean end.
            Break(context, record);
            return Task.CompletedTask;
        }

        return RescueResponse.WriteAsync(context, record);
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
