using Microsoft.AspNetCore.Connections;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Overload;

/// <summary>
/// Counts the connections of a traffic listener and closes those above the limit at once: a bound on memory, and on
/// what a flood can hold. Admin and metrics connections are not counted, so that an overloaded proxy can be looked at.
/// </summary>
public sealed class ConnectionLimitMiddleware(ConnectionDelegate next, ListenerKind listener, int limit, TrafficCounters counters)
{
    /// <summary>Runs once per connection.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        connection.Features.Set(new ListenerFeature(listener));
        try
        {
            if (counters.ConnectionOpened() > limit)
            {
                counters.ConnectionRefused();
                connection.Abort(new ConnectionAbortedException("The connection limit is reached."));
                return;
            }

            await next(connection);
        }
        finally
        {
            counters.ConnectionClosed();
        }
    }
}
