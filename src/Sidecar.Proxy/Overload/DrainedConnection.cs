using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Sidecar.Proxy.Overload;

/// <summary>
/// Lets a drain end one connection without ending the server: HTTP/2 sends GOAWAY and finishes its streams, HTTP/1 closes when it
/// is idle, else after the answer. Without it idle connections, and every HTTP/2 one, would stay until the process ends.
/// </summary>
public static class DrainedConnection
{
    /// <summary>Runs the connection, watching.</summary>
    public static async Task RunAsync(ConnectionDelegate next, ConnectionContext connection, DrainState drain)
    {
        var lifetime = connection.Features.Get<IConnectionLifetimeNotificationFeature>();
        using var watch = lifetime is null
            ? default
            : drain.ConnectionsClosing.UnsafeRegister(static state => ((IConnectionLifetimeNotificationFeature)state!).RequestClose(), lifetime);
        await next(connection);
    }
}
