using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// What an intercepted connection meets, in this order: the limit, the loop guard, ports that are known, a look at the client's
/// first bytes, and for a silent client a look at both sides (PRODUCT §4). Bytes are peeked at and stay in the kernel, so
/// that whoever carries the connection finds them untouched, and a silent connection holds no buffer.
/// </summary>
/// <param name="listener">Outbound or inbound.</param>
/// <param name="original">Asks a socket where it was dialled to: <see cref="OriginalDestination.Read"/>.</param>
/// <param name="guard">Refuses loops.</param>
/// <param name="forwarder">Carries what is not HTTP.</param>
/// <param name="toHttp">Makes the HTTP server's connection of a socket.</param>
/// <param name="serverFirst">Destinations whose servers speak first.</param>
/// <param name="settings">The settings in force.</param>
/// <param name="connectionLimit">Open connections allowed.</param>
/// <param name="counters">Open connections.</param>
/// <param name="telemetry">Counts outcomes and refusals.</param>
/// <param name="time">Clock.</param>
public sealed class ConnectionSorter(
    ListenerKind listener,
    Func<Socket, IPEndPoint?> original,
    LoopGuard guard,
    IOpaqueForwarder forwarder,
    Func<InterceptedConnection, ConnectionContext> toHttp,
    ServerFirstPorts serverFirst,
    Func<InterceptionConfiguration> settings,
    int connectionLimit,
    TrafficCounters counters,
    RequestTelemetry telemetry,
    TimeProvider time)
{
    private readonly FirstLook _look = new(carriesProxyRequests: listener == ListenerKind.Outbound, time);
    private readonly BothSides _sides = new(time);
    private readonly Direction _way = new ListenerFeature(listener).Direction;
    private readonly string _direction = LabelValues.Name(new ListenerFeature(listener).Direction);

    /// <summary>Gives back a connection for the HTTP server, or null when it was carried or closed otherwise. Never throws.</summary>
    public async Task<ConnectionContext?> SortAsync(Socket socket, CancellationToken stopping)
    {
        ConnectionContext? http = null;
        InterceptedConnection? connection = null;
        var open = counters.ConnectionOpened(_way);
        try
        {
            connection = Identify(socket);
            if (connection is null)
            {
                socket.Dispose();
            }
            else if (open > connectionLimit)
            {
                counters.ConnectionRefused();
                telemetry.ConnectionRefused(_direction, ProxyError.Overloaded);
                connection.Reset();
            }
            else
            {
                http = await SortAsync(connection, stopping);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException or IOException)
        {
            // The client left, or the process ends.
            connection?.Loop?.Release();
            socket.Dispose();
        }
        finally
        {
            if (http is null)
            {
                connection?.Loop?.Release();
                counters.ConnectionClosed(_way);
            }
        }

        return http;
    }

    /// <summary>The server above does not take the connection that <see cref="SortAsync(Socket, CancellationToken)"/> gave back.</summary>
    public async ValueTask DropAsync(ConnectionContext http)
    {
        await http.DisposeAsync();
        counters.ConnectionClosed(_way);
    }

    private InterceptedConnection? Identify(Socket socket)
    {
        try
        {
            if (socket.RemoteEndPoint is not IPEndPoint peer || socket.LocalEndPoint is not IPEndPoint local)
            {
                return null;
            }

            socket.NoDelay = true;
            var dialled = original(socket);
            return new InterceptedConnection(socket, new ListenerFeature(listener, dialled, guard.Check(listener, dialled, local, peer)), peer);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private async Task<ConnectionContext?> SortAsync(InterceptedConnection connection, CancellationToken stopping)
    {
        var current = settings();
        if (connection.Feature.Refusal is not null)
        {
            return await RefuseAsync(connection, current, stopping);
        }

        if (KnownOutcome(connection.Original, current) is { } known)
        {
            await CarryAsync(connection, null, known, null, stopping);
            return null;
        }

        var clientSpoke = connection.HasSpokenAsync(stopping);
        IOpaqueUpstream? upstream = null;
        try
        {
            if (!await IsHeardWithinAsync(clientSpoke, current.Detection))
            {
                upstream = await forwarder.DialAsync(connection, hello: null, stopping);
                if (upstream is null)
                {
                    telemetry.Detected(_direction, DetectionOutcomes.Silent);
                    return null;
                }

                switch (await _sides.WatchAsync(clientSpoke, upstream.Socket, current.Detection, stopping))
                {
                    case FirstToSpeak.Server:
                        serverFirst.Learn(connection.Original);
                        await CarryAsync(connection, upstream, DetectionOutcomes.ServerFirst, null, stopping);
                        return null;
                    case FirstToSpeak.ServerEnded:
                        await CarryAsync(connection, upstream, DetectionOutcomes.Silent, null, stopping);
                        return null;
                    case FirstToSpeak.ServerReset:
                        telemetry.Detected(_direction, DetectionOutcomes.Silent);
                        forwarder.MirrorReset(connection, upstream);
                        return null;
                }
            }

            await clientSpoke;
            return await SortByFirstBytesAsync(connection, upstream, current, stopping);
        }
        catch
        {
            upstream?.Abandon();
            throw;
        }
    }

    private string? KnownOutcome(IPEndPoint destination, InterceptionConfiguration current) =>
        current.OpaquePorts.Contains(destination.Port) ? DetectionOutcomes.OpaquePort
        : current.ServerFirst.Contains(destination.Port) || serverFirst.Contains(destination) ? DetectionOutcomes.ServerFirstKnown
        : null;

    private async Task<bool> IsHeardWithinAsync(Task clientSpoke, TimeSpan wait)
    {
        if (!clientSpoke.IsCompleted)
        {
            await clientSpoke.WaitAsync(wait, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return clientSpoke.IsCompleted;
    }

    private async Task<ConnectionContext?> SortByFirstBytesAsync(
        InterceptedConnection connection, IOpaqueUpstream? upstream, InterceptionConfiguration current, CancellationToken stopping)
    {
        var (protocol, hello) = await _look.RunAsync(connection.Socket, current.Detection, stopping);
        if (protocol is CarriedProtocol.Http1 or CarriedProtocol.Http2)
        {
            // The server above makes its own, pooled connections.
            upstream?.Abandon();
            return ToHttp(connection, protocol);
        }

        await CarryAsync(connection, upstream, DetectionOutcomes.Of(protocol), hello, stopping);
        return null;
    }

    private async Task CarryAsync(
        InterceptedConnection connection, IOpaqueUpstream? upstream, string outcome, ClientHello? hello, CancellationToken stopping)
    {
        telemetry.Detected(_direction, outcome);
        if (upstream is not null && forwarder.NeedsAnother(upstream, connection, hello))
        {
            upstream.Abandon();
            upstream = null;
        }

        upstream ??= await forwarder.DialAsync(connection, hello, stopping);
        if (upstream is not null)
        {
            // It is copied between plain sockets.
            connection.Loop?.Release();
            await forwarder.CarryAsync(connection, upstream, outcome, hello, stopping);
        }
    }

    // HTTP gets an answer (508) from the layers above; everything else is closed.
    private async Task<ConnectionContext?> RefuseAsync(InterceptedConnection connection, InterceptionConfiguration current, CancellationToken stopping)
    {
        telemetry.Detected(_direction, DetectionOutcomes.Refused);
        var clientSpoke = connection.HasSpokenAsync(stopping);
        if (await IsHeardWithinAsync(clientSpoke, current.Detection) && clientSpoke.IsCompletedSuccessfully)
        {
            var (protocol, _) = await _look.RunAsync(connection.Socket, current.Detection, stopping);
            if (protocol is CarriedProtocol.Http1 or CarriedProtocol.Http2)
            {
                return ToHttp(connection, protocol);
            }
        }

        telemetry.ConnectionRefused(_direction, ProxyError.Loop, connection.Feature.Refusal, connection.Feature.Original ?? connection.Peer);
        connection.Reset();
        return null;
    }

    private ConnectionContext ToHttp(InterceptedConnection connection, CarriedProtocol protocol)
    {
        if (connection.Feature.Refusal is null)
        {
            telemetry.Detected(_direction, DetectionOutcomes.Of(protocol));
        }

        var http = toHttp(connection);
        http.Features.Set(connection.Feature);
        if (protocol == CarriedProtocol.Http2)
        {
            Http2PriorKnowledge.Announce(http);
        }
        else
        {
            connection.Feature.Caller = CallerHalf.Attach(http, connection.Socket);
        }

        return http;
    }
}
