using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Overload;

/// <summary>
/// Counts the connections of the reverse listener and closes those above the limit at once: a bound on memory, and on
/// what a flood can hold. Admin and metrics connections are not counted, so that an overloaded proxy can be looked at.
/// </summary>
public sealed class ConnectionLimitMiddleware(ConnectionDelegate next, int limit, TrafficCounters counters, RequestTelemetry telemetry)
{
    /// <summary>Runs once per connection.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        connection.Features.Set(new ListenerFeature(ListenerKind.Reverse));
        try
        {
            if (counters.ConnectionOpened(Direction.Reverse) > limit)
            {
                counters.ConnectionRefused();
                telemetry.ConnectionRefused(LabelValues.Name(Direction.Reverse), ProxyError.Overloaded);
                connection.Abort(new ConnectionAbortedException("The connection limit is reached."));
                return;
            }

            await next(connection);
        }
        finally
        {
            counters.ConnectionClosed(Direction.Reverse);
        }
    }
}
