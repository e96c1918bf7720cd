using System.Net.Http;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Pooling;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The seam between Yarp and the policy engine: what Yarp's forwarder takes for its HTTP client. Each request brings
/// its own with its facts, since options of the message cost a dictionary. It only adapts; what happens to the request is decided by the engine of its route.
/// </summary>
/// <param name="exchange">The request.</param>
public sealed class PolicyInvoker(HttpExchange exchange) : HttpMessageInvoker(NoHandler, disposeHandler: false)
{
    // Never asked: whoever sends, sends by the override below.
    private static readonly HttpMessageHandler NoHandler = new UnusedHandler();

    /// <inheritdoc/>
    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        ExecuteAsync(request, cancellationToken).AsTask();

    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    private async ValueTask<HttpResponseMessage> ExecuteAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        exchange.Message = request;
        exchange.IsExecuted = true;
        var outcome = await exchange.Route.Engine.ExecuteAsync(exchange, cancellationToken);
        return outcome.HasResponse ? (HttpResponseMessage)outcome.Response! : Failed(outcome.Error, outcome.Detail);
    }

    private LocalAnswer Failed(ProxyError error, string? detail)
    {
        var record = exchange.Record;
        if (error == ProxyError.CallerGone && exchange.Clock?.Expired is { } clock)
        {
            // Our own clock ended it, not the caller: during a wait, or while the caller owed its body.
            record.Flags.Remove(ProxyError.CallerGone);
            error = ProxyError.RequestTimeout;
            detail = IdleClock.Sentence(clock);
        }

        // The caller's body was refused by the server half while it was being sent (malformed, too large, too slow).
        var status = exchange.CallerBody?.CallerError is BadHttpRequestException bad ? bad.StatusCode : 0;
        record.ClosesConnection |= status != 0;
        record.Fail(error, detail, status);
        return new LocalAnswer();
    }
}
