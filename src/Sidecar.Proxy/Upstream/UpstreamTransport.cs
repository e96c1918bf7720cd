using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Pooling;

namespace Sidecar.Proxy.Upstream;

/// <summary>What decides whether two clusters can use the same connections.</summary>
/// <param name="ClusterId">For events.</param>
/// <param name="Connections">Limits of the pool.</param>
/// <param name="Tls">Null is the system's trust and no client certificate.</param>
/// <param name="DnsName">Server name for addresses that come from DNS.</param>
internal sealed record TransportSettings(string ClusterId, ConnectionsConfiguration Connections, TlsConfiguration? Tls, string? DnsName)
{
    /// <summary>Of a cluster.</summary>
    public static TransportSettings Of(ClusterConfiguration cluster) => new(cluster.Id, cluster.Connections, cluster.Tls, cluster.Dns?.Name);
}

/// <summary>
/// The HTTP client of one cluster: a pool, and beside it a client per call for calls that need a fresh connection.
/// Everything the platform's client does by itself is switched off: proxies, redirects, cookies, decompression,
/// headers for tracing, its connect timeout, its queue, its retries.
/// </summary>
internal sealed class UpstreamTransport : IDisposable
{
    private readonly TransportSettings _settings;
    private readonly TimeProvider _time;
    private readonly ConnectionLimit _limit;
    private readonly IdleLimits _idleLimits;
    private readonly UpstreamConnector _connector;
    private readonly HttpMessageInvoker _pooled;
    private volatile bool _isRetired;

    public UpstreamTransport(TransportSettings settings, UpstreamDialer dialer, TimeProvider time, IUpstreamEvents events)
    {
        _settings = settings;
        _time = time;
        _idleLimits = new IdleLimits(time);
        _limit = new ConnectionLimit(settings.Connections.Max);
        var tls = settings.Tls ?? new TlsConfiguration(null, null, null, null);
        _connector = new UpstreamConnector(
            dialer, _limit, new TlsOrigination(new TlsFiles(settings.ClusterId, tls, time, events), tls.ServerName ?? settings.DnsName));
        _pooled = CreateClient();
    }

    /// <summary>What it was made for.</summary>
    public TransportSettings Settings => _settings;

    /// <summary>Open and opening connections.</summary>
    public int OpenConnections => _limit.Count;

    /// <summary>
    /// Sends once and returns at response headers. Never throws for what a network or an upstream can do.
    /// </summary>
    /// <param name="request">Complete, version and policy included.</param>
    /// <param name="needsFreshConnection">Do not reuse an idle connection.</param>
    /// <param name="connectTimeout">Until a connection was found or made; null is off.</param>
    /// <param name="cancellationToken">Ends it with DC.</param>
    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    public async ValueTask<UpstreamResult> SendAsync(
        HttpRequestMessage request, bool needsFreshConnection, TimeSpan? connectTimeout, CancellationToken cancellationToken)
    {
        // Async methods restore the caller's flow when they return.
        var trace = CallTrace.Begin(request);
        ConnectDeadline? deadline = null;
        try
        {
            // The trace needs at least one header to see; this is the line the client would write by itself.
            request.Headers.Host ??= request.RequestUri!.Authority;

            deadline = connectTimeout is null ? null : ConnectDeadline.Rent(trace, cancellationToken);
            var sending = StartAsync(request, needsFreshConnection, deadline?.Token ?? cancellationToken);
            trace.OnStarted();
            if (deadline is not null && !trace.IsConnected && !sending.IsCompleted)
            {
                // With an idle connection the request is written by now, and no timer was needed.
                deadline.Start(connectTimeout!.Value, _time);
            }

            var response = await sending;
            return new UpstreamResult
            {
                Response = response,
                Use = trace,
                WasSent = true,
                IsConnectionReused = trace.IsConnectionReused,
                IsResponseStarted = true,
            };
        }
        catch (Exception e)
        {
            return UpstreamFailure.Classify(e, trace, request, cancellationToken);
        }
        finally
        {
            trace.Request = null;
            deadline?.Dispose();
        }
    }

    /// <summary>
    /// Closes idle connections, and busy ones after their exchange. Sending stays possible (a request may hold on to a
    /// cluster that a reload has removed), on connections that are not kept.
    /// </summary>
    public void Dispose()
    {
        _isRetired = true;
        _pooled.Dispose();
    }

    private Task<HttpResponseMessage> StartAsync(HttpRequestMessage request, bool needsFreshConnection, CancellationToken cancellationToken)
    {
        if (!_isRetired && !(needsFreshConnection && CanOpenAnother(request.RequestUri!)))
        {
            try
            {
                return _pooled.SendAsync(request, cancellationToken);
            }
            catch (ObjectDisposedException)
            {
                // Retired a moment ago; nothing was sent.
            }
        }

        return SendFreshAsync(request, cancellationToken);
    }

    // A client of its own: once disposed it lets its connection finish the exchange and closes it. (A client with
    // PooledConnectionLifetime zero would do for HTTP/1, but leaves HTTP/2 connections open.)
    private async Task<HttpResponseMessage> SendFreshAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var client = CreateClient();
        return await client.SendAsync(request, cancellationToken);
    }

    // At the limit an idle connection is the only one to be had.
    private bool CanOpenAnother(Uri address) => !_limit.IsFull(address.IdnHost, address.Port);

    private HttpMessageInvoker CreateClient() => new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,

            // The limit is ours, in the connect callback: the client's own would queue without bound.
            MaxConnectionsPerServer = int.MaxValue,
            EnableMultipleHttp2Connections = true,
            PooledConnectionLifetime = _settings.Connections.Lifetime,
            PooledConnectionIdleTimeout = _settings.Connections.Idle,
            ConnectTimeout = Timeout.InfiniteTimeSpan,

            // A response nobody wants: reading a little more saves the connection, reading much more wastes time.
            ResponseDrainTimeout = TimeSpan.FromMilliseconds(250),
            MaxResponseDrainSize = 64 * 1024,

            // The time a body waits for an upstream that ignores Expect (curl's and the platform's default).
            Expect100ContinueTimeout = TimeSpan.FromSeconds(1),

            // Kilobytes; beyond it UP.
            MaxResponseHeadersLength = 64,

            // Header values are bytes; Latin-1 keeps each of them as it is.
            RequestHeaderEncodingSelector = SelectRequestEncoding,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ConnectCallback = _connector.ConnectAsync,
            PlaintextStreamFilter = (context, _) => ValueTask.FromResult(
                context.NegotiatedHttpVersion.Major == 1 ? new Http1ConnectionStream(context.PlaintextStream, IdleWatchOf(context)) : context.PlaintextStream),
        },
        disposeHandler: true);

    private IdleWatch IdleWatchOf(SocketsHttpPlaintextStreamFilterContext context) =>
        new(_idleLimits, context.InitialRequestMessage.RequestUri!.IdnHost, context.InitialRequestMessage.RequestUri.Port, _time);

    private static Encoding SelectRequestEncoding(string name, HttpRequestMessage request)
    {
        CallTrace.Of(request)?.OnHeader(name, request.Version);
        (request as UpstreamMessage)?.OnField(name);
        (request.Content as NoBodyContent)?.OmitLength();
        return Encoding.Latin1;
    }
}
