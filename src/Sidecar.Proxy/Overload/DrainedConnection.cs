using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Overload;

/// <summary>
/// How a drain ends one connection without ending the server. One that is closed while its caller is about to send loses a request,
/// so it is closed when its caller was told before, or has been silent for a while. HTTP/1 can only be told with an answer, and whoever
/// uses the connection gets one that says so. HTTP/2 is told by GOAWAY: the server sends one ahead of the end only while a request is
/// being served (RFC 9113 §6.8 asks for it), so it is made to say it then. Of HTTP/2 only requests count as not being silent: pings
/// are bytes too.
/// </summary>
public sealed class DrainedConnection
{
    /// <summary>
    /// How long a caller must have been silent, since the drain began to close and since its last request ended: longer
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
        if (_connection.Features.Get<ListenerFeature>() is { } use)
        {
            var isHttp2 = _connection.Features.Get<ITlsApplicationProtocolFeature>() is not null;
            var socket = isHttp2 ? null : _connection.Features.Get<IConnectionSocketFeature>()?.Socket;
            int ended;
            do
            {
                ended = use.Ended;
                var silence = Task.Delay(Silence, _time, _ended);
                await (isHttp2 ? Task.WhenAny(silence, use.InUseAsync()) : silence).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            while (!_ended.IsCancellationRequested
                && !(isHttp2 && use.IsInUse)
                && (use.IsInUse || use.Ended != ended || (socket is not null && TcpState.SilenceOfPeer(socket) < Silence)));
        }

        _lifetime.RequestClose();
    }
}
