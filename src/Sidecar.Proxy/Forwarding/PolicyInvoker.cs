using System.Net.Http;
using System.Runtime.CompilerServices;
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
        var outcome = await exchange.ExecuteAsync(request, cancellationToken);
        if (outcome.HasResponse)
        {
            return (HttpResponseMessage)outcome.Response!;
        }

        exchange.Fail(outcome);
        return new LocalAnswer();
    }
}
