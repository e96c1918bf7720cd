using System.Net.Http;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The seam between Yarp and the policy engine: one stateless handler for every route and cluster. It only adapts; what
/// happens to the request is decided by the engine of the route that the request carries with it.
/// </summary>
public sealed class PolicyHandler : HttpMessageHandler
{
    /// <summary>Where the transformer leaves the exchange for this handler.</summary>
    public static readonly HttpRequestOptionsKey<HttpExchange> ExchangeKey = new("sidecar.exchange");

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Options.TryGetValue(ExchangeKey, out var exchange))
        {
            throw new InvalidOperationException("The request carries no exchange.");
        }

        exchange.Message = request;
        exchange.IsExecuted = true;
        var outcome = await exchange.Route.Engine.ExecuteAsync(exchange, cancellationToken);
        if (outcome.HasResponse)
        {
            return (HttpResponseMessage)outcome.Response!;
        }

        var record = exchange.Record;
        var (error, detail) = (outcome.Error, outcome.Detail);
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
