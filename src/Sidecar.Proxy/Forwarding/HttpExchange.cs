using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Http;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Sidecar.Contract;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Pooling;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Forwarding;

/// <summary>One HTTP request as the policy engine's exchange: turns a plan into a message and a result into an outcome.</summary>
public sealed class HttpExchange : UpstreamExchange
{
    // A statement about the field, not a guess at the caller: attempts are 1 to 11 (maxRetries is at most 10).
    private static readonly string[] Numbers = [.. Enumerable.Range(0, 12).Select(number => number.ToString(CultureInfo.InvariantCulture))];

    [ThreadStatic]
    private static LocalStack<HttpExchange>? t_idle;

    private static readonly Func<bool> Never = static () => false;

    // Of the request before.
    private UpstreamMessage? _spare;

    [SetsRequiredMembers]
    private HttpExchange()
    {
        (Record, Method, Balancer, Destinations, Route, Time, PathAndQuery) = (null!, null!, null!, null!, null!, null!, null!);
        Invoker = new PolicyInvoker(this);
        Transformer = new ExchangeTransformer(this);
    }

    /// <summary>What Yarp's forwarder takes for its client.</summary>
    public PolicyInvoker Invoker { get; }

    /// <summary>What becomes of its headers; for Yarp's forwarder too.</summary>
    public ExchangeTransformer Transformer { get; }

    /// <summary>A drain has come so far that every answer closes its connection.</summary>
    public Func<bool> ClosesConnections { get; set; } = Never;

    /// <summary>The route, as it was when the request met it.</summary>
    public required LiveRoute Route { get; set; }

    /// <summary>The caller's body; null when there is none.</summary>
    public RequestBody? CallerBody { get; set; }

    /// <summary>The caller speaks HTTP/2.</summary>
    public bool IsCallerHttp2 { get; set; }

    /// <summary>The clocks of the transfer; null when none is on.</summary>
    public IdleClock? Clock { get; set; }

    /// <summary>Where the body of the answer goes.</summary>
    public MeteredResponseStream Output { get; } = new();

    /// <summary>Wall clock, for <c>Retry-After</c> dates.</summary>
    public required TimeProvider Time { get; set; }

    /// <summary>Path and query as they go upstream: the raw target, unless a transform rewrites it.</summary>
    public required string PathAndQuery { get; set; }

    /// <summary>What goes upstream.</summary>
    public HttpRequestMessage? Message { get; set; }

    /// <summary>The fields of the answer.</summary>
    public ResponseFields Fields { get; } = new();

    /// <summary>The connection that the response comes on.</summary>
    public IConnectionUse? Use { get; private set; }

    /// <summary>The engine has been asked: <see cref="RoutePolicyEngine.Complete"/> is owed.</summary>
    public bool IsExecuted { get; private set; }

    /// <summary>A message that says nothing yet, but perhaps the host.</summary>
    /// <param name="host">The host that the caller named.</param>
    public UpstreamMessage TakeMessage(string? host)
    {
        if (_spare is not { } message)
        {
            return new UpstreamMessage();
        }

        _spare = null;
        message.Clear(host);
        return message;
    }

    /// <summary>An empty exchange: whoever takes it sets what is required.</summary>
    public static HttpExchange Rent() => t_idle?.TryTake() ?? new HttpExchange();

    /// <summary>
    /// The request has ended. Kept for another one only when this one was a plain success: then neither a body that is still
    /// being sent nor a policy's wait can hold on to it.
    /// </summary>
    public void GiveBack()
    {
        if (CallerBody is not null || IsUpgrade || Record.IsStream || Record.AttemptCount != 1 || !Record.Flags.IsEmpty)
        {
            return;
        }

        Clear();
        Output.Clear();
        Fields.Clear();
        Route = null!;
        ClosesConnections = Never;
        IsCallerHttp2 = false;
        Clock = null;
        Time = null!;
        PathAndQuery = null!;
        _spare = Message is UpstreamMessage { IsReusable: true } message ? message : null;
        Message = null;
        Use = null;
        IsExecuted = false;
        (t_idle ??= new LocalStack<HttpExchange>()).TryGiveBack(this);
    }

    /// <summary>Has the route's engine send it; with nothing of its own to wait in, which would cost every request.</summary>
    /// <param name="message">What goes upstream.</param>
    /// <param name="cancellationToken">The caller has gone, or the transfer took too long.</param>
    public ValueTask<AttemptOutcome> ExecuteAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        Message = message;
        IsExecuted = true;
        return Route.Engine.ExecuteAsync(this, cancellationToken);
    }

    /// <inheritdoc/>
    public override BodyReplay Body => CallerBody?.Replay ?? BodyReplay.Untouched;

    /// <inheritdoc/>
    public override Task RequestReceived => CallerBody?.Received ?? Task.CompletedTask;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    public override async ValueTask<AttemptOutcome> TryAsync(AttemptPlan attempt, CancellationToken cancellationToken)
    {
        var message = Message ?? throw new InvalidOperationException("The message is made before the first attempt.");
        Prepare(message, attempt);
        var call = new UpstreamCall(attempt.Destination, attempt.NeedsFreshConnection, attempt.ConnectTimeout, IsCallerHttp2 && !IsUpgrade);
        var result = await Route.Cluster.SendAsync(message, call, cancellationToken);
        if (result.Response is not { } response)
        {
            return Failed(result);
        }

        Fields.Read(response);
        if (ResponseValidator.Check(response.StatusCode, Fields, IsUpgrade) is { } complaint)
        {
            response.Dispose();
            return new AttemptOutcome
            {
                Error = ProxyError.UpstreamProtocol,
                GrpcStatus = GrpcStatus.Unknown,
                Sent = SentState.Sent,
                IsConnectionReused = result.IsConnectionReused,
                IsResponseStarted = true,
                Detail = complaint,
            };
        }

        var grpcStatus = IsGrpc ? GrpcStatus.Read(response.Headers) : GrpcStatus.Unknown;
        if (attempt.PeekGrpcStatus && grpcStatus == GrpcStatus.Unknown)
        {
            try
            {
                grpcStatus = await GrpcStatus.PeekAsync(response, cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                response.Dispose();
                return new AttemptOutcome
                {
                    Error = cancellationToken.IsCancellationRequested ? ProxyError.CallerGone : ProxyError.UpstreamClosed,
                    GrpcStatus = GrpcStatus.Unknown,
                    Sent = SentState.Sent,
                    IsConnectionReused = result.IsConnectionReused,
                    IsResponseStarted = true,
                    Detail = "The upstream broke off before its first message.",
                };
            }
        }

        Use = result.Use;
        return Answered(response, result, grpcStatus);
    }

    /// <summary>The engine has nothing to pass on: the record learns why.</summary>
    public void Fail(in AttemptOutcome outcome)
    {
        var (error, detail) = (outcome.Error, outcome.Detail);
        if (error == ProxyError.CallerGone && Clock?.Expired is { } clock)
        {
            // Our own clock ended it, not the caller: during a wait, or while the caller owed its body.
            Record.Flags.Remove(ProxyError.CallerGone);
            error = ProxyError.RequestTimeout;
            detail = IdleClock.Sentence(clock);
        }

        // The caller's body was refused by the server half while it was being sent (malformed, too large, too slow).
        var status = CallerBody?.CallerError is BadHttpRequestException bad ? bad.StatusCode : 0;
        Record.ClosesConnection |= status != 0;
        Record.Fail(error, detail, status);
    }

    /// <inheritdoc/>
    public override void Discard(in AttemptOutcome outcome) => (outcome.Response as HttpResponseMessage)?.Dispose();

    private void Prepare(HttpRequestMessage message, in AttemptPlan attempt)
    {
        message.RequestUri = UpstreamUri.Create(attempt.Destination.Address, PathAndQuery);
        if (CallerBody is not null && message.Content is not RequestBodyContent)
        {
            message.Content = RequestBodyContent.InPlaceOf(message.Content!, CallerBody);
        }

        if (attempt.Number > 1 && CallerBody?.DeclaredLength is { } length && message.Content is not null)
        {
            // A refusal of the last attempt may have taken it back: ExpectedBody.
            message.Content.Headers.ContentLength = length;
        }

        if (Route.Compiled.IsPassthrough)
        {
            // No added header (PRODUCT §2).
            return;
        }

        var headers = message.Headers;
        if (attempt.Number > 1)
        {
            headers.Remove(HeaderNames.AttemptCount);
        }

        headers.TryAddWithoutValidation(HeaderNames.AttemptCount, Numbers[Math.Min(attempt.Number, Numbers.Length - 1)]);
        if (attempt.TimeLeft is { } left)
        {
            headers.Remove(HeaderNames.RequestTimeout);
            headers.TryAddWithoutValidation(HeaderNames.RequestTimeout, CallerDeadline.FormatMilliseconds(left));
            if (IsGrpc)
            {
                headers.Remove(HeaderNames.GrpcTimeout);
                headers.TryAddWithoutValidation(HeaderNames.GrpcTimeout, CallerDeadline.FormatGrpc(left));
            }
        }

        TraceHeaders.WriteAttempt(Record, headers);
    }

    private AttemptOutcome Failed(in UpstreamResult result)
    {
        var error = result.Error;
        var detail = result.Detail;
        Record.ResetCode = result.ResetCode;
        Record.IsOrderlyClose = result.IsOrderlyClose;
        if (CallerBody?.CallerError is { } callerError)
        {
            // The caller's own body broke, not the upstream: a malformed or oversized body, or the caller is gone.
            error = callerError is BadHttpRequestException ? ProxyError.MalformedRequest : ProxyError.CallerGone;
            detail = callerError is BadHttpRequestException ? "The request body is malformed or too large." : "The caller stopped sending its body.";
        }
        else if (error == ProxyError.CallerGone && Clock?.Expired is { } clock && RequestReceived.IsCompleted)
        {
            // The idle clock ended the wait for headers, and it was the upstream that was silent: a timeout, for the
            // breaker too. While the caller still owes its body, the silence may be the caller's.
            error = ProxyError.RequestTimeout;
            detail = IdleClock.Sentence(clock);
        }

        return new AttemptOutcome
        {
            Error = error,
            GrpcStatus = GrpcStatus.Unknown,
            Sent = result.WasSent ? SentState.Sent : SentState.Unsent,
            IsConnectionReused = result.IsConnectionReused,
            IsResponseStarted = result.IsResponseStarted,
            IsRefusedStream = result.IsRefusedStream,
            IsConnectTimeout = result.IsConnectTimeout,
            Detail = detail,
        };
    }

    private AttemptOutcome Answered(HttpResponseMessage response, in UpstreamResult result, int grpcStatus) => new()
    {
        Status = (int)response.StatusCode,
        GrpcStatus = grpcStatus,
        Sent = SentState.Sent,
        IsConnectionReused = result.IsConnectionReused,
        IsResponseStarted = true,
        RetryAfter = (int)response.StatusCode >= 400 ? RetryAfterHeader.Read(response.Headers, Time.GetUtcNow()) : null,
        ForeignFlags = FlagsHeader.Read(Fields),
        Response = response,
    };
}
