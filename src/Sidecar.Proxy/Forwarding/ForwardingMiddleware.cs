using System.Net;
using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Pooling;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;
using Sidecar.Proxy.Validation;
using Yarp.ReverseProxy.Forwarder;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The last layer of the downstream half and the only bridge to the upstream half: gathers the facts the policies need,
/// has the engine send what <see cref="MessageForwarder"/> made and the answer copied, or lets Yarp's forwarder do all of it, and tells
/// the engine how it ended.
/// </summary>
public sealed class ForwardingMiddleware(
    IHttpForwarder forwarder,
    Func<bool> closesConnections,
    ReplayMemory replayMemory,
    OriginalDestinations originals,
    TimeProvider time)
{
    // The real address is chosen per attempt; Yarp only looks at the scheme here.
    private const string Placeholder = "http://destination.invalid/";

    /// <summary>Runs once per request, after the layers that decide; does nothing where these chose no route.</summary>
    public ValueTask InvokeAsync(HttpContext context, RequestRecord record) =>
        LiveRoute.Of(record) is not { } route ? ValueTask.CompletedTask

        // Yarp's transforms want its own pipeline around them; it ends in the method below.
        : route.Compiled.HasTransforms ? new ValueTask(context.GetEndpoint()!.RequestDelegate!(context))
        : ForwardAsync(context, record, route);

    /// <summary>The end of Yarp's pipeline.</summary>
    public Task TransformAsync(HttpContext context)
    {
        var record = RequestRecord.Of(context);
        return ForwardAsync(context, record, LiveRoute.Of(record)!).AsTask();
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder))]
    private async ValueTask ForwardAsync(HttpContext context, RequestRecord record, LiveRoute route)
    {
        ListenerFeature.Of(record)?.Caller?.RequestBegins(HopByHopHeaders.AnnounceTheLastRequest(context.Request));
        var timeouts = route.Compiled.Policy.Timeouts;
        using var clock = timeouts.Idle is null && timeouts.TunnelIdle is null && timeouts.Stream is null
            ? null
            : IdleClock.Start(time, timeouts.Idle);
        using var body = CallerBody(context, route, clock);
        var exchange = Exchange(context, route, record, body, clock);

        ForwarderError error;
        ExceptionDispatchInfo? defect = null;
        try
        {
            if (exchange.IsUpgrade || route.Compiled.HasTransforms)
            {
                error = await ForwardByYarpAsync(context, exchange, body);
            }
            else
            {
                // Here, not in a method of its own: each that waits for the upstream costs every request the same again.
                var ended = clock?.TokenWith(context.RequestAborted) ?? context.RequestAborted;
                var outcome = await exchange.ExecuteAsync(MessageForwarder.Message(context, exchange), ended);
                if (outcome.HasResponse)
                {
                    error = await MessageForwarder.AnswerAsync(context, exchange, (HttpResponseMessage)outcome.Response!, ended);
                }
                else
                {
                    exchange.Fail(outcome);
                    error = ForwarderError.None;
                }
            }
        }
        catch (Exception e)
        {
            // A defect of ours. What was begun must end all the same; then the rescue layer hears of it.
            defect = ExceptionDispatchInfo.Capture(e);
            error = ForwarderError.RequestCreation;
        }

        if (body is not null)
        {
            error = await EndBodyAsync(context, body, record, error);
            record.RequestBytes = body.Bytes;
        }

        var end = HowItEnded(context, exchange, error);
        if (end == ProxyError.None)
        {
            exchange.Use?.Ended();
        }

        if (exchange.IsExecuted)
        {
            route.Engine.Complete(exchange, new ExchangeCompletion(end, record.GrpcStatus));
        }

        if (end != ProxyError.None)
        {
            if (record.Failure == ProxyError.None && defect is null)
            {
                record.Fail(end, Sentence(end, clock));
            }
        }
        else if (record.Failure == ProxyError.None)
        {
            exchange.GiveBack();
        }

        defect?.Throw();
    }

    private async ValueTask<ForwarderError> ForwardByYarpAsync(HttpContext context, HttpExchange exchange, RequestBody? body)
    {
        var record = exchange.Record;
        var output = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Features.Set<IHttpResponseBodyFeature>(exchange.Output);
        var stream = context.Features.Get<IHttpResetFeature>();
        var reset = stream is null ? null : new DeferredReset(stream);
        if (reset is not null)
        {
            context.Features.Set<IHttpResetFeature>(reset);
        }

        var error = await forwarder.SendAsync(
            context, Placeholder, exchange.Invoker, Config(exchange.Route, exchange), exchange.Transformer, exchange.Clock?.Token ?? CancellationToken.None);
        if (body is not null)
        {
            // What breaks while it ends may bring the code.
            error = await EndBodyAsync(context, body, record, error);
        }

        if ((error != ForwarderError.None || record.Failure != ProxyError.None) && context.Features.Get<IForwarderErrorFeature>() is { Exception: { } broken })
        {
            record.ResetCode ??= UpstreamFailure.ResetCodeOf(broken);
        }

        context.Features.Set(output);
        if (reset is not null)
        {
            context.Features.Set(stream);
            reset.Flush(record.ResetCode);
        }

        return error;
    }

    /// <summary>
    /// Nothing may read the caller's body once this request has ended. An upstream may answer before it has heard everything:
    /// the caller gets that answer now, and what it has not said yet is no longer wanted.
    /// </summary>
    private static async Task<ForwarderError> EndBodyAsync(HttpContext context, RequestBody body, RequestRecord record, ForwarderError error)
    {
        var sending = body.SendingEndedAsync();
        if (!sending.IsCompleted)
        {
            if (error == ForwarderError.None && record.Failure == ProxyError.None)
            {
                try
                {
                    await context.Response.CompleteAsync();
                }
                catch (Exception)
                {
                    // The caller is gone, or the answer is shorter than it said.
                    error = ForwarderError.ResponseBodyDestination;
                }
            }

            context.Request.BodyReader.CancelPendingRead();
        }

        await sending;
        return error;
    }

    private RequestBody? CallerBody(HttpContext context, LiveRoute route, IdleClock? clock) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            ? new RequestBody(
                context.Request.Body,
                context.Request.ContentLength,
                route.Compiled.Policy.Retry is { MaxRetries: > 0 } retry ? retry.ReplayBytes : 0,
                replayMemory,
                clock)
            : null;

    private HttpExchange Exchange(HttpContext context, LiveRoute route, RequestRecord record, RequestBody? body, IdleClock? clock)
    {
        var request = context.Request;
        var headers = request.Headers;
        var original = route.Compiled.Route.IsForwardedToOriginal && ListenerFeature.Of(record)?.Original is { } dialled
            ? originals.Get(dialled)
            : null;
        record.MirrorsFailures = route.Compiled.IsPassthrough;
        var exchange = HttpExchange.Rent();
        exchange.Record = record;
        exchange.ClosesConnections = closesConnections;
        exchange.Method = request.Method;
        exchange.HasIdempotencyKey = headers.ContainsKey(HeaderNames.IdempotencyKey);
        exchange.IsGrpc = record.IsGrpc;
        exchange.IsCallerHttp2 = HttpProtocol.IsHttp2(request.Protocol);
        exchange.IsUpgrade = exchange.IsCallerHttp2
            ? HttpMethods.IsConnect(request.Method) && context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
            : headers.Connection.Count > 0 && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
        exchange.IsEventStream = headers.Accept is { Count: > 0 } accept && accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase);
        exchange.CallerTimeout = route.Compiled.IsPassthrough
            ? null
            : CallerDeadline.Read(record.IsGrpc ? headers[HeaderNames.GrpcTimeout] : default(string), headers[HeaderNames.RequestTimeout]);
        exchange.TargetHash = route.Compiled.UsesTargetHash ? TargetHash.Of(record.Target) : 0;
        exchange.Balancer = route.Cluster.Balancer;
        exchange.Destinations = original?.Set ?? route.Cluster.Destinations;
        exchange.Budget = original?.Budget;
        exchange.Route = route;
        exchange.CallerBody = body;
        exchange.Clock = clock;
        exchange.Output.Begin(context.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), record, clock, time);
        exchange.Time = time;
        exchange.PathAndQuery = RawTarget.PathAndQuery(record.Target);
        return exchange;
    }

    private static ForwarderRequestConfig Config(LiveRoute route, HttpExchange exchange)
    {
        var protocol = route.Cluster.Configuration.Protocol;
        var isHttp2 = protocol == UpstreamProtocol.Http2 || (protocol == UpstreamProtocol.Auto && exchange.IsCallerHttp2);

        // Yarp's own activity timeout is off: our clock covers the same and more, without a timer per chunk. Only inside
        // a tunnel, which Yarp copies on its own, its timeout is the one at work.
        return exchange.IsUpgrade ? TunnelConfig(isHttp2, route.Compiled.Policy.Timeouts.TunnelIdle) : isHttp2 ? PlainHttp2 : PlainHttp1;
    }

    private static readonly ForwarderRequestConfig PlainHttp1 = RequestConfig(HttpVersion.Version11, Timeout.InfiniteTimeSpan);
    private static readonly ForwarderRequestConfig PlainHttp2 = RequestConfig(HttpVersion.Version20, Timeout.InfiniteTimeSpan);

    private static ForwarderRequestConfig TunnelConfig(bool isHttp2, TimeSpan? idle) =>
        RequestConfig(isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11, idle ?? Timeout.InfiniteTimeSpan);

    private static ForwarderRequestConfig RequestConfig(Version version, TimeSpan activityTimeout) => new()
    {
        Version = version,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = activityTimeout,
        AllowResponseBuffering = false,
    };

    /// <summary>What the transfer came to, after the outcome of the attempts: only a broken one is an error here.</summary>
    private static ProxyError HowItEnded(HttpContext context, HttpExchange exchange, ForwarderError error)
    {
        if (error == ForwarderError.None)
        {
            return ProxyError.None;
        }

        if (exchange.Clock?.Expired is not null || error == ForwarderError.UpgradeActivityTimeout)
        {
            return ProxyError.RequestTimeout;
        }

        return error switch
        {
            ForwarderError.ResponseBodyDestination or ForwarderError.RequestBodyDestination or ForwarderError.UpgradeRequestDestination
                or ForwarderError.UpgradeResponseDestination or ForwarderError.Request or ForwarderError.UpgradeResponseClient
                when !context.RequestAborted.IsCancellationRequested => ProxyError.UpstreamClosed,
            ForwarderError.ResponseHeaders => ProxyError.UpstreamProtocol,
            ForwarderError.RequestCreation => ProxyError.InternalDefect,
            ForwarderError.RequestBodyClient when exchange.CallerBody?.CallerError is BadHttpRequestException => ProxyError.MalformedRequest,
            _ => ProxyError.CallerGone,
        };
    }

    private static string? Sentence(ProxyError end, IdleClock? clock) => end switch
    {
        ProxyError.RequestTimeout => IdleClock.Sentence(clock?.Expired ?? "idle"),
        ProxyError.UpstreamClosed => "The upstream broke off in the middle of its answer.",
        _ => null,
    };
}
