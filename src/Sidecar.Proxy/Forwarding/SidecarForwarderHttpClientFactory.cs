using System.Net.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// Yarp asks for a client per cluster, and would make a pool for each. Which pool a request uses is decided per attempt,
/// below retry (<see cref="PolicyInvoker"/>), so there is one that is never sent by.
/// </summary>
public sealed class SidecarForwarderHttpClientFactory : IForwarderHttpClientFactory, IDisposable
{
    private readonly HttpMessageInvoker _unused = new(new UnusedHandler());

    /// <inheritdoc/>
    public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) => _unused;

    /// <inheritdoc/>
    public void Dispose() => _unused.Dispose();
}
