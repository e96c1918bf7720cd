using System.Net.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// Gives Yarp one client for everything. Which pool a request uses is decided per attempt, below retry, so Yarp's client
/// per cluster would only be a second, unused pool.
/// </summary>
public sealed class SidecarForwarderHttpClientFactory(PolicyHandler handler) : IForwarderHttpClientFactory, IDisposable
{
    private readonly HttpMessageInvoker _invoker = new(handler, disposeHandler: false);

    /// <inheritdoc/>
    public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) => _invoker;

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();
}
