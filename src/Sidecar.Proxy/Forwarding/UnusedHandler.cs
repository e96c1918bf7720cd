using System.Net.Http;

namespace Sidecar.Proxy.Forwarding;

/// <summary>Stands where a type asks for a handler that nothing is sent by.</summary>
internal sealed class UnusedHandler : HttpMessageHandler
{
    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("Requests are sent by the cluster of their route.");
}
