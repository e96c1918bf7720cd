using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Overload;

/// <summary>
/// How a drain ends one connection without ending the server. HTTP/2 can be told at any time: GOAWAY names the last stream that is
/// served, and what comes after it may be sent again. HTTP/1 can only be told with an answer, and whoever uses the connection gets
/// one that says so. One that is closed while its caller is about to send loses a request, so it is closed only when its caller
/// has been silent for a while.
/// </summary>
public sealed class DrainedConnection
{
    /// <summary>
    /// How long an HTTP/1 caller must have been silent, since the drain began to close and since its last request ended: longer
    /// than a busy caller pauses between two requests, shorter than anybody waits for a shutdown.
    /// </summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    private readonly ConnectionContext _connection;
    private readonly IConnectionLifetimeNotificationFeature _lifetime;
    private readonly TimeProvider _time;
    private readonly CancellationToken _ended;

    private DrainedConnection(ConnectionContext connection, IConnectionLifetimeNotificationFeature lifetime, TimeProvider time)
    {
        _connection = connection;
        _lifetime = lifetime;
        _time = time;
        _ended = connection.ConnectionClosed;
    }

    /// <summary>Runs the connection, watching. Its protocol is known by now.</summary>
    public static async Task RunAsync(ConnectionDelegate next, ConnectionContext connection, DrainState drain, TimeProvider time)
    {
        using var watch = connection.Features.Get<IConnectionLifetimeNotificationFeature>() is { } lifetime
            ? drain.ConnectionsClosing.UnsafeRegister(
                static state => _ = ((DrainedConnection)state!).EndAsync(), new DrainedConnection(connection, lifetime, time))
            : default;
        await next(connection);
    }

    private async Task EndAsync()
    {
        var isHttp1 = _connection.Features.Get<ITlsApplicationProtocolFeature>() is null;
        if (isHttp1 && _connection.Features.Get<ListenerFeature>() is { } use)
        {
            var socket = _connection.Features.Get<IConnectionSocketFeature>()?.Socket;
            int ended;
            do
            {
                ended = use.Ended;
                await Task.Delay(Silence, _time, _ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            while (!_ended.IsCancellationRequested
                && (use.IsInUse || use.Ended != ended || (socket is not null && TcpState.SilenceOfPeer(socket) < Silence)));
        }

        _lifetime.RequestClose();
    }
}
