using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Net.Http.Headers;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>The bound ports, each with its connection pipeline, and the server limits: none of the server's own defaults applies.</summary>
public sealed class Listeners(
    SidecarConfiguration configuration, int connectionLimit, TrafficCounters counters, DrainState drain, RequestTelemetry telemetry, TimeProvider time)
{
    private ListenOptions? _reverse;
    private ListenOptions? _outbound;
    private ListenOptions? _inbound;
    private ListenOptions? _admin;
    private ListenOptions? _metrics;

    /// <summary>Where each listener is really bound (a port 0 is chosen by the kernel); valid after the start.</summary>
    public IEnumerable<(string Listener, IPEndPoint Address)> Bound
    {
        get
        {
            foreach (var (name, options) in new[] { ("reverse", _reverse), ("outbound", _outbound), ("inbound", _inbound), ("admin", _admin), ("metrics", _metrics) })
            {
                if (options?.IPEndPoint is { } address)
                {
                    yield return (name, address);
                }
            }
        }
    }

    /// <summary>Where traffic arrives; null when the listener is off.</summary>
    public IPEndPoint? Reverse => _reverse?.IPEndPoint;

    /// <summary>Where intercepted traffic of the application arrives; null when the listener is off.</summary>
    public IPEndPoint? Outbound => _outbound?.IPEndPoint;

    /// <summary>Where intercepted traffic to the application arrives; null when the listener is off.</summary>
    public IPEndPoint? Inbound => _inbound?.IPEndPoint;

    /// <summary>Where the controls are.</summary>
    public IPEndPoint? Admin => _admin?.IPEndPoint;

    /// <summary>Where metrics and probes are.</summary>
    public IPEndPoint? Metrics => _metrics?.IPEndPoint;

    /// <summary>Opens the listeners on the server.</summary>
    public void Configure(KestrelServerOptions server)
    {
        server.AddServerHeader = false;
        server.AllowSynchronousIO = false;

        // See ProtocolDetectionMiddleware: the server takes h2c for TLS; our validator checks the scheme.
        server.AllowAlternateSchemes = true;

        // Header bytes above ASCII are bytes, not text: Latin-1 carries them through unchanged.
        server.RequestHeaderEncodingSelector = static name => name == HeaderNames.Connection ? ConnectionFieldEncoding.Instance : Encoding.Latin1;
        server.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        ApplyLimits(server.Limits, configuration.Limits);

        var listeners = configuration.Listeners;
        _reverse = Listen(server, listeners.Reverse, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.Use(next => new ConnectionLimitMiddleware(next, connectionLimit, counters, telemetry).OnConnectionAsync);
            listen.Use(next => new ProtocolDetectionMiddleware(
                next, configuration.Limits.KeepAlive, configuration.Limits.HeaderTimeout, time).OnConnectionAsync);
            listen.Use(next => connection => DrainedConnection.RunAsync(next, connection, drain, time));
        });
        _outbound = Listen(server, listeners.Outbound, listen => Intercepted(listen, Direction.Outbound));
        _inbound = Listen(server, listeners.Inbound, listen => Intercepted(listen, Direction.Inbound));
        _admin = Listen(server, listeners.Admin, listen => Plain(listen, ListenerKind.Admin));
        _metrics = Listen(server, listeners.Metrics, listen => Plain(listen, ListenerKind.Metrics));
    }

    private static void ApplyLimits(KestrelServerLimits server, LimitsConfiguration limits)
    {
        server.MaxConcurrentConnections = null; // ConnectionLimitMiddleware: traffic listeners only
        server.MaxRequestHeaderCount = limits.HeaderCount;
        server.MaxRequestHeadersTotalSize = limits.HeadersBytes;
        server.MaxRequestLineSize = limits.HeadersBytes;
        server.MaxRequestBodySize = limits.RequestBodyBytes;
        server.MinRequestBodyDataRate = limits.BodyRateBytesPerSecond is { } rate
            ? new MinDataRate(rate, gracePeriod: TimeSpan.FromSeconds(5))
            : null;
        server.MinResponseDataRate = null; // the idle clock of the route bounds a caller that does not read
        server.RequestHeadersTimeout = limits.HeaderTimeout;
        server.KeepAliveTimeout = limits.KeepAlive;
        server.Http2.MaxStreamsPerConnection = limits.Http2Streams;
        server.Http2.MaxRequestHeaderFieldSize = limits.HeadersBytes;

        // Envoy's edge guide: 64 KiB per stream, 1 MiB per connection.
        server.Http2.InitialStreamWindowSize = 64 * 1024;
        server.Http2.InitialConnectionWindowSize = 1024 * 1024;
    }

    // Limit, loop guard and detection have been passed before the server sees the connection: InterceptionListener.
    private void Intercepted(ListenOptions listen, Direction direction)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(next => async connection =>
        {
            try
            {
                // The way out of the application is not drained.
                await (direction == Direction.Outbound ? next(connection) : DrainedConnection.RunAsync(next, connection, drain, time));
            }
            finally
            {
                connection.Features.Get<ListenerFeature>()?.Caller?.Dispose();
                counters.ConnectionClosed(direction);
            }
        });
    }

    private static void Plain(ListenOptions listen, ListenerKind kind)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Features.Set(new ListenerFeature(kind));
            return next(connection);
        });
    }

    private static ListenOptions? Listen(KestrelServerOptions server, IPEndPoint? address, Action<ListenOptions> configure)
    {
        if (address is null)
        {
            return null;
        }

        ListenOptions? bound = null;
        if (address.Address.Equals(IPAddress.IPv6Any))
        {
            // Falls back to IPv4 on a machine without IPv6.
            server.ListenAnyIP(address.Port, Remember);
        }
        else
        {
            server.Listen(address, Remember);
        }

        return bound;

        void Remember(ListenOptions options)
        {
            configure(options);
            bound = options;
        }
    }
}
