using System.Net.Sockets;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// Carries what is not HTTP. A written TCP route sends it through the policy engine (destination, connect timeout, breaker);
/// everything else goes where the application dialled, and the kernel's word on that is passed on as it is.
/// </summary>
/// <param name="routes">The TCP routes.</param>
/// <param name="originals">Addresses that applications dial.</param>
/// <param name="dialer">Opens connections.</param>
/// <param name="telemetry">Metrics and lines.</param>
/// <param name="counters">What is open.</param>
/// <param name="time">Clock.</param>
public sealed class OpaqueForwarder(
    TcpRouteTable routes, OriginalDestinations originals, UpstreamDialer dialer, RequestTelemetry telemetry, TrafficCounters counters, TimeProvider time)
    : IOpaqueForwarder
{
    /// <inheritdoc/>
    public async ValueTask<IOpaqueUpstream?> DialAsync(InterceptedConnection connection, ClientHello? hello, CancellationToken stopping)
    {
        var route = Route(connection, hello);
        var record = new RequestRecord
        {
            IsOpaque = true,
            IsStream = true,
            Direction = LabelValues.Name(connection.Direction),
            Route = route?.Compiled.Id ?? "",
            Cluster = route?.Compiled.Route.ClusterId ?? "",
            Target = connection.Original.ToString(),
            Host = hello?.ServerName ?? "",
            Protocol = hello is null ? DetectionOutcomes.Tcp : DetectionOutcomes.Tls,
            StartTimestamp = time.GetTimestamp(),
        };
        var upstream = new OpaqueUpstream { Record = record, Route = route };
        upstream.Connection = route is null
            ? await DialOriginalAsync(connection, record, stopping)
            : await DialRouteAsync(connection, route, upstream, stopping);
        if (upstream.Connection is not null)
        {
            record.HeadersTime = time.GetElapsedTime(record.StartTimestamp);
            return upstream;
        }

        // Before anything else is done: the application is waiting for this answer.
        connection.Reset();
        Account(record);
        return null;
    }

    /// <inheritdoc/>
    public bool NeedsAnother(IOpaqueUpstream upstream, InterceptedConnection connection, ClientHello? hello) =>
        !ReferenceEquals(((OpaqueUpstream)upstream).Route, Route(connection, hello));

    /// <inheritdoc/>
    public void MirrorReset(InterceptedConnection connection, IOpaqueUpstream upstream)
    {
        connection.Reset();
        var record = ((OpaqueUpstream)upstream).Record;
        record.Fail(ProxyError.UpstreamClosed, "The upstream reset the connection.");
        ((OpaqueUpstream)upstream).Complete(ProxyError.UpstreamClosed);
        Account(record);
    }

    /// <inheritdoc/>
    public async Task CarryAsync(
        InterceptedConnection connection, IOpaqueUpstream upstream, string protocol, ClientHello? hello, CancellationToken stopping)
    {
        var (record, route) = (((OpaqueUpstream)upstream).Record, ((OpaqueUpstream)upstream).Route);
        record.Protocol = protocol;
        record.Host = hello?.ServerName ?? "";
        counters.OpaqueStarted(connection.Direction);
        var end = await TcpCopy.RunAsync(connection.Socket, upstream.Socket, time, stopping);
        counters.OpaqueEnded(connection.Direction);
        record.RequestBytes = end.Sent;
        record.ResponseBytes = end.Received;
        if (end.Error != ProxyError.None)
        {
            record.Flags.Add(end.Error);
            record.Detail = end.Error == ProxyError.CallerGone ? "The client reset the connection." : "The upstream reset the connection.";
        }

        ((OpaqueUpstream)upstream).Complete(end.Error);
        Account(record);
    }

    private LiveRoute? Route(InterceptedConnection connection, ClientHello? hello) =>
        routes.Find(connection.Direction, connection.Original.Port, hello?.ServerName);

    private async ValueTask<UpstreamSocket?> DialOriginalAsync(InterceptedConnection connection, RequestRecord record, CancellationToken stopping)
    {
        try
        {
            return await dialer.DialAsync(connection.Original, stopping);
        }
        catch (SocketException e)
        {
            record.Fail(ProxyError.ConnectFailed, $"Connect failed: {SocketErrors.Describe(e.SocketErrorCode)}.");
        }
        catch (OperationCanceledException)
        {
            record.Fail(ProxyError.CallerGone, "The process ended.");
        }

        return null;
    }

    private async ValueTask<UpstreamSocket?> DialRouteAsync(
        InterceptedConnection connection, LiveRoute route, OpaqueUpstream upstream, CancellationToken stopping)
    {
        var original = route.Compiled.Route.IsForwardedToOriginal ? originals.Get(connection.Original) : null;
        var exchange = upstream.Exchange = new OpaqueExchange(dialer, time)
        {
            Record = upstream.Record,
            Method = "CONNECT",
            IsUpgrade = true,
            Balancer = route.Cluster.Balancer,
            Destinations = original?.Set ?? route.Cluster.Destinations,
            Budget = original?.Budget,
        };
        var outcome = await route.Engine.ExecuteAsync(exchange, stopping);
        if (outcome.Response is UpstreamSocket connected)
        {
            return connected;
        }

        upstream.Record.Fail(outcome.Error, outcome.Detail);
        return null;
    }

    private void Account(RequestRecord record)
    {
        record.EndTimestamp = time.GetTimestamp();
        telemetry.OnConnectionFinished(record);
    }

    private sealed class OpaqueUpstream : IOpaqueUpstream
    {
        public required RequestRecord Record { get; init; }

        public required LiveRoute? Route { get; init; }

        public OpaqueExchange? Exchange { get; set; }

        public UpstreamSocket? Connection { get; set; }

        public Socket Socket => Connection!.Socket;

        public void Abandon() => Complete(ProxyError.CallerGone);

        /// <summary>Closes it and tells the engine, once.</summary>
        public void Complete(ProxyError error)
        {
            Connection?.Dispose();
            if (Exchange is { } exchange)
            {
                Exchange = null;
                Route!.Engine.Complete(exchange, error == ProxyError.None ? ExchangeCompletion.Ended : ExchangeCompletion.Failed(error));
            }
        }
    }
}
