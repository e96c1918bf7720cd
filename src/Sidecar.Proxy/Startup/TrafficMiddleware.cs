using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Rescue;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// A request of traffic from its first moment to its last: its account, in it the rescue of what fails, in it the layers
/// that decide and the one that forwards. One method, because each in which a request waits costs it the same again.
/// </summary>
/// <param name="account">Of every request.</param>
/// <param name="rescue">Of those that fail.</param>
/// <param name="decide">The layers that decide about a request: refuse it, or choose its route.</param>
/// <param name="forward">Carries a request that was given a route; does nothing for others.</param>
public sealed class TrafficMiddleware(
    RequestAccount account, FailureRescue rescue, RequestDelegate decide, Func<HttpContext, RequestRecord, ValueTask> forward)
{
    /// <summary>Runs once per request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="caller">The connection it came in by.</param>
    public async Task InvokeAsync(HttpContext context, ICallerConnection caller)
    {
        var record = account.Open(context, caller);
        try
        {
            try
            {
                await decide(context);
                await forward(context, record);
            }
            catch (Exception e)
            {
                rescue.Note(context, record, e);
            }

            if (record.Failure != ProxyError.None)
            {
                await rescue.AnswerAsync(context, record);
            }
        }
        finally
        {
            account.Close(context, record, caller);
        }
    }
}
