using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;
using Http = Microsoft.Net.Http.Headers.HeaderNames;
using Own = Sidecar.Contract.HeaderNames;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// What passes and what changes between the two halves: PRODUCT §4's closed list, and nothing else. Yarp's transforms run
/// after the copy where the operator wrote some.
/// </summary>
/// <param name="exchange">The request; each has a transformer of its own, which spares looking for the one in the other.</param>
public sealed class ExchangeTransformer(HttpExchange exchange) : HttpTransformer
{
    // Yarp insists on an address before the policy engine has chosen one.
    private static readonly Uri Placeholder = new("http://destination.invalid/");

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        CopyHead(httpContext.Request, proxyRequest);
        if (exchange.Route.Compiled.HasTransforms)
        {
            await YarpTransformer(httpContext).TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            if (exchange.Route.Compiled.ChangesTarget && proxyRequest.RequestUri is { } rewritten)
            {
                exchange.PathAndQuery = rewritten.PathAndQuery;
            }
        }

        proxyRequest.RequestUri = Placeholder;
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null or LocalAnswer)
        {
            return false;
        }

        CopyHead(proxyResponse, httpContext);
        if (exchange.Route.Compiled.HasTransforms)
        {
            await YarpTransformer(httpContext).TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }

        if (!MayHaveBody(httpContext.Response, proxyResponse))
        {
            return false;
        }

        if (!IsTunnel(proxyResponse))
        {
            // A tunnel's first bytes belong to whoever copies it.
            var body = await proxyResponse.Content.ReadAsStreamAsync(cancellationToken);
            await ResponseStart.FlushIfTheBodyWaitsAsync(httpContext.Response, body, cancellationToken);
        }

        return true;
    }

    /// <summary>The head of the request, without Yarp's transforms.</summary>
    public void CopyHead(HttpRequest request, HttpRequestMessage message)
    {
        CopyRequestHeaders(request, message, exchange.Route.Compiled.IsPassthrough);
        if (exchange.IsUpgrade && exchange.Record.Caller is { Direction: not Direction.Reverse })
        {
            UpgradeHeaders.Write(request, message);
        }

        if (!exchange.Route.Compiled.IsPassthrough)
        {
            AddOwnHeaders(request, message);
        }
    }

    /// <summary>The head of the answer but for its status, without Yarp's transforms. Returns false when no body may follow it.</summary>
    public bool CopyHead(HttpResponseMessage message, HttpContext context)
    {
        var response = context.Response;
        exchange.Fields.Read(message);
        CopyResponseHeaders(exchange.Fields, response.Headers);
        if (exchange.Record.Flags.Latest != ProxyError.None)
        {
            response.Headers[Own.Flags] = StringValues.Concat(exchange.Record.Flags.ToString(), response.Headers[Own.Flags]).ToString();
        }

        if (!exchange.IsCallerHttp2 && !exchange.IsUpgrade
            && (IsBodyRefused(context.Request) || (exchange.ClosesConnections() && exchange.Record.Caller?.Direction != Direction.Outbound)))
        {
            response.Headers.Connection = "close";
        }

        ResponseStarted(message);
        return MayHaveBody(response, message);
    }

    /// <inheritdoc/>
    public override async ValueTask TransformResponseTrailersAsync(
        HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken)
    {
        if (exchange.IsGrpc && exchange.Record.GrpcStatus == GrpcStatus.Unknown)
        {
            exchange.Record.GrpcStatus = GrpcStatus.Read(proxyResponse.TrailingHeaders);
        }

        await ResponseStart.StartIfEmptyAsync(httpContext.Response, exchange);
        await base.TransformResponseTrailersAsync(httpContext, proxyResponse, cancellationToken);
        if (exchange.Route.Compiled.HasTransforms)
        {
            await YarpTransformer(httpContext).TransformResponseTrailersAsync(httpContext, proxyResponse, cancellationToken);
        }
    }

    /// <summary>What written routes add (PRODUCT §2).</summary>
    private void AddOwnHeaders(HttpRequest request, HttpRequestMessage message)
    {
        if (exchange.Route.Compiled.Route.Direction != Direction.Outbound)
        {
            AddForwarded(request, message);
        }

        message.Headers.TryAddWithoutValidation(Own.RequestId, exchange.Record.RequestId);
        TraceHeaders.WriteRequest(exchange.Record, message.Headers);
    }

    private static void CopyRequestHeaders(HttpRequest request, HttpRequestMessage message, bool isPassthrough)
    {
        var connection = HopByHopHeaders.Nominating(request.Headers.Connection);
        if (message.Content is null && (request.ContentLength is not null || !IsKnownWithoutBody(message.Method)))
        {
            message.Content = new NoBodyContent(saysLength: request.ContentLength is not null);
        }

        if (request.Headers.Host is { Count: > 0 } host && message.Headers.NonValidated.Count == 0)
        {
            Add(message, Http.Host, host);
        }

        foreach (var (name, values) in request.Headers)
        {
            if (name[0] == ':' || name.Equals(Http.Host, StringComparison.OrdinalIgnoreCase) || HopByHopHeaders.Contains(name) || (connection.Count > 0 && HopByHopHeaders.IsNominated(connection, name))
                || (!isPassthrough && (IsOurs(name) || TraceHeaders.Contains(name))) || (message.Content is NoBodyContent or null && name.Equals(Http.ContentLength, StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            Add(message, name, values);
        }

        // TE is hop-by-hop; "trailers" is what gRPC needs to hear again on an HTTP/2 hop.
        if (HttpProtocol.IsHttp2(request.Protocol) && request.Headers.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
        {
            message.Headers.TryAddWithoutValidation(Http.TE, "trailers");
        }
    }

    // The client announces no length for these by itself.
    private static bool IsKnownWithoutBody(HttpMethod method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options || method == HttpMethod.Delete || method == HttpMethod.Connect;

    /// <summary>Ours to set on written routes, whatever the caller sent; <c>x-sidecar-*</c> are orders that nobody allowed.</summary>
    private static bool IsOurs(string name) =>
        name.Equals(Own.RequestId, StringComparison.OrdinalIgnoreCase)
        || name.Equals(Own.AttemptCount, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith(Own.OverridePrefix, StringComparison.OrdinalIgnoreCase);

    private static void Add(HttpRequestMessage message, string name, StringValues values)
    {
        if (values.Count == 1 ? message.Headers.TryAddWithoutValidation(name, values[0]) : message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
        {
            return;
        }

        // A content header (Content-Type, Expires, ...): .NET keeps those with the body.
        message.Content ??= new NoBodyContent(saysLength: false);
        message.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
    }

    private void AddForwarded(HttpRequest request, HttpRequestMessage message)
    {
        // Written reverse and inbound routes: append the peer, and set -Proto and -Host only when absent (PRODUCT §2).
        var headers = message.Headers;
        if (ListenerFeature.Of(exchange.Record)?.PeerAddress(request.HttpContext.Connection) is { } peer)
        {
            var before = request.Headers["X-Forwarded-For"];
            if (before.Count > 0)
            {
                headers.Remove("X-Forwarded-For");
                headers.TryAddWithoutValidation("X-Forwarded-For", string.Concat(before.ToString(), ", ", peer));
            }
            else
            {
                headers.TryAddWithoutValidation("X-Forwarded-For", peer);
            }
        }

        if (!request.Headers.ContainsKey("X-Forwarded-Proto"))
        {
            headers.TryAddWithoutValidation("X-Forwarded-Proto", request.Scheme);
        }

        if (!request.Headers.ContainsKey("X-Forwarded-Host") && request.Host.Value is { Length: > 0 } host)
        {
            headers.TryAddWithoutValidation("X-Forwarded-Host", host);
        }
    }

    private static void CopyResponseHeaders(ResponseFields from, IHeaderDictionary to)
    {
        var connection = HopByHopHeaders.Nominating(from.Get(Http.Connection));
        foreach (ref readonly var field in from.All)
        {
            if (!HopByHopHeaders.Contains(field.Key) && (connection.Count == 0 || !HopByHopHeaders.IsNominated(connection, field.Key)))
            {
                // Not Append: that drops an empty value.
                to[field.Key] = field.Value;
            }
        }
    }

    // The caller was not asked for its body, and may or may not send it: what comes next on its connection could be either.
    private bool IsBodyRefused(HttpRequest request) =>
        request.Headers.Expect.Count > 0 && exchange.CallerBody is { Replay: BodyReplay.Untouched };

    private void ResponseStarted(HttpResponseMessage response)
    {
        var record = exchange.Record;
        var timeouts = exchange.Route.Compiled.Policy.Timeouts;
        var now = exchange.Time.GetTimestamp();
        record.HeadersTime = exchange.Time.GetElapsedTime(record.StartTimestamp, now);
        if (exchange.IsGrpc)
        {
            record.GrpcStatus = GrpcStatus.Read(response.Headers);
        }

        record.IsStream = exchange.IsGrpc || IsTunnel(response) || IsEventStream();
        if (record.IsStream)
        {
            exchange.Clock?.Change(timeouts.TunnelIdle, timeouts.Stream);
        }

        exchange.Output.HeadersReceived(now);
    }

    // HTTP/1: 101; HTTP/2: success of an extended CONNECT (RFC 8441 §5).
    private bool IsTunnel(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.SwitchingProtocols || (exchange is { IsUpgrade: true, IsCallerHttp2: true } && response.IsSuccessStatusCode);

    // These have no body whatever the upstream claims (RFC 9110 §15.3.5, §15.3.6).
    private static bool MayHaveBody(HttpResponse response, HttpResponseMessage message)
    {
        if (message.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.ResetContent))
        {
            return true;
        }

        response.Headers.ContentLength = null;
        return false;
    }

    private bool IsEventStream() =>
        exchange.Fields.Get(Http.ContentType) is { Count: > 0 } type && type.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);

    private static HttpTransformer YarpTransformer(HttpContext context) =>
        context.Features.GetRequiredFeature<IReverseProxyFeature>().Route.Transformer;
}
