using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// Kestrel can only stop as a whole. A drain needs two steps: first no new connections, while those that are open go on
/// being served; then the end. This stands between Kestrel and its socket transport and makes the first step possible.
/// </summary>
/// <param name="transport">Kestrel's socket transport.</param>
/// <param name="isDrained">Which addresses the first step closes; admin, metrics and outbound stay until the end.</param>
/// <param name="intercept">Makes the listener of an intercepted address; null for any other.</param>
public sealed class DrainableListenerFactory(
    IConnectionListenerFactory transport, Func<EndPoint, bool> isDrained, Func<EndPoint, IConnectionListener?> intercept)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly ConcurrentBag<IConnectionListener> _traffic = [];

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = intercept(endpoint) ?? await transport.BindAsync(endpoint, cancellationToken);
        if (isDrained(endpoint))
        {
            _traffic.Add(listener);
        }

        return listener;
    }

    /// <summary>No new traffic connection; Kestrel's accept loop ends by itself. May be called more than once.</summary>
    public async Task StopAcceptingAsync()
    {
        foreach (var listener in _traffic)
        {
            if (listener is InterceptionListener intercepted)
            {
                // Whoever was accepted and has not spoken yet is not known to the server above: it must still be served.
                intercepted.StopAccepting();
            }
            else
            {
                await listener.UnbindAsync();
            }
        }
    }
}
