using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Policies.Retry;
using static Sidecar.Configuration.Effective.RetryConditions;
using static Sidecar.Proxy.Policies.Retry.RetryVerdict;

namespace Sidecar.Proxy.Tests.Policies;

public class RetryEligibilityTests
{
    private const RetryConditions Everything = (RetryConditions)((1 << 14) - 1);

    private static readonly RetrySubject Get = new("GET", HasIdempotencyKey: false, IsGrpc: false, IsUpgrade: false, BodyReplay.Untouched);
    private static readonly RetrySubject Post = Get with { Method = "POST", Body = BodyReplay.Buffered };
    private static readonly RetrySubject Grpc = Post with { IsGrpc = true };

    [Theory]
    [InlineData(502, GatewayError, Eligible)]
    [InlineData(503, GatewayError, Eligible)]
    [InlineData(504, GatewayError, Eligible)]
    [InlineData(500, GatewayError, NotWanted)]
    [InlineData(505, GatewayError, NotWanted)]
    [InlineData(500, ServerError, Eligible)]
    [InlineData(599, ServerError, Eligible)]
    [InlineData(499, ServerError, NotWanted)]
    [InlineData(409, Retriable4xx, Eligible)]
    [InlineData(408, Retriable4xx, NotWanted)]
    [InlineData(200, Everything, NotWanted)]
    [InlineData(503, ConnectFailure | RefusedStream | Unsent | StaleConnection | Reset | PerTryTimeout, NotWanted)]
    public void Judge_Status_MatchesOnlyItsTokens(int status, RetryConditions retryOn, RetryVerdict expected) =>
        Assert.Equal(expected, Judge(Get, Status(status), retryOn));

    [Fact]
    public void Judge_StatusByNumber_MatchesThatNumber()
    {
        var policy = Policy(None) with { Statuses = new([425, 429]) };

        Assert.Equal(Eligible, RetryEligibility.Judge(Get, Status(429), policy));
        Assert.Equal(NotWanted, RetryEligibility.Judge(Get, Status(428), policy));
    }

    [Theory]
    [InlineData(ProxyError.ConnectFailed, ConnectFailure)]
    [InlineData(ProxyError.PerTryTimeout, PerTryTimeout)]
    [InlineData(ProxyError.UpstreamClosed, Reset)]
    public void Judge_OwnFailure_MatchesOnlyItsNamedToken(ProxyError error, RetryConditions token)
    {
        var outcome = new AttemptOutcome { Error = error, Sent = error == ProxyError.ConnectFailed ? SentState.Unsent : SentState.Sent };

        Assert.Equal(Eligible, Judge(Get, outcome, token));
        Assert.Equal(NotWanted, Judge(Get, outcome, Everything & ~token));
    }

    [Theory]
    [InlineData(ProxyError.RequestTimeout)]
    [InlineData(ProxyError.UpstreamProtocol)]
    [InlineData(ProxyError.CircuitOpen)]
    [InlineData(ProxyError.NoHealthyDestination)]
    [InlineData(ProxyError.Overloaded)]
    [InlineData(ProxyError.RateLimited)]
    [InlineData(ProxyError.CallerGone)]
    [InlineData(ProxyError.Loop)]
    [InlineData(ProxyError.InternalDefect)]
    public void Judge_FailureWithoutToken_IsNeverRetried(ProxyError error) =>
        Assert.Equal(NotWanted, Judge(Get, new AttemptOutcome { Error = error, Sent = SentState.Sent }, Everything));

    [Fact]
    public void Judge_ConnectTimeout_IsConnectFailureAndNotUnsent()
    {
        var outcome = new AttemptOutcome { Error = ProxyError.ConnectFailed, IsConnectTimeout = true };

        Assert.Equal(Eligible, Judge(Post, outcome, ConnectFailure));
        Assert.Equal(NotWanted, Judge(Post, outcome, Unsent | PerTryTimeout));
    }

    [Fact]
    public void Judge_NothingWritten_IsUnsentForAnyMethod()
    {
        var outcome = new AttemptOutcome { Error = ProxyError.UpstreamClosed, Sent = SentState.Unsent };

        Assert.Equal(Eligible, Judge(Post, outcome, Unsent));
        Assert.Equal(Eligible, Judge(Post with { IsUpgrade = true }, outcome, Unsent));
        Assert.Equal(NotWanted, Judge(Post, outcome with { Sent = SentState.Sent }, Unsent));
    }

    [Fact]
    public void Judge_RefusedStream_IsRetriedForAnyMethod()
    {
        var outcome = new AttemptOutcome { Error = ProxyError.UpstreamClosed, Sent = SentState.Sent, IsRefusedStream = true };

        Assert.Equal(Eligible, Judge(Post, outcome, RefusedStream));
        Assert.Equal(NotWanted, Judge(Post, outcome with { IsRefusedStream = false }, RefusedStream));
    }

    [Fact]
    public void Judge_StaleConnection_NeedsAReusedOneNoResponseByteAndARepeatableMethod()
    {
        var outcome = new AttemptOutcome { Error = ProxyError.UpstreamClosed, Sent = SentState.Sent, IsConnectionReused = true };

        Assert.Equal(Eligible, Judge(Get, outcome, StaleConnection));
        Assert.Equal(NotRepeatable, Judge(Post, outcome, StaleConnection));
        Assert.Equal(NotWanted, Judge(Get, outcome with { IsConnectionReused = false }, StaleConnection));
        Assert.Equal(NotWanted, Judge(Get, outcome with { IsResponseStarted = true }, StaleConnection | Reset));
    }

    [Theory]
    [InlineData("GET", RetryMethodsKind.Safe, true)]
    [InlineData("HEAD", RetryMethodsKind.Safe, true)]
    [InlineData("OPTIONS", RetryMethodsKind.Safe, true)]
    [InlineData("TRACE", RetryMethodsKind.Safe, true)]
    [InlineData("PUT", RetryMethodsKind.Safe, false)]
    [InlineData("DELETE", RetryMethodsKind.Safe, false)]
    [InlineData("PUT", RetryMethodsKind.Idempotent, true)]
    [InlineData("DELETE", RetryMethodsKind.Idempotent, true)]
    [InlineData("POST", RetryMethodsKind.Idempotent, false)]
    [InlineData("PATCH", RetryMethodsKind.All, true)]
    [InlineData("PATCH", RetryMethodsKind.List, true)]
    [InlineData("GET", RetryMethodsKind.List, false)]
    public void Judge_SentRequest_IsRepeatedOnlyForItsMethods(string method, RetryMethodsKind kind, bool isRepeatable)
    {
        var policy = Policy(GatewayError) with { Methods = new RetryMethods(kind, new(["PATCH"])) };

        Assert.Equal(isRepeatable ? Eligible : NotRepeatable, RetryEligibility.Judge(Get with { Method = method }, Status(503), policy));
    }

    [Fact]
    public void Judge_IdempotencyKey_MakesAnyMethodRepeatable()
    {
        Assert.Equal(NotRepeatable, Judge(Post, Status(503), GatewayError));
        Assert.Equal(Eligible, Judge(Post with { HasIdempotencyKey = true }, Status(503), GatewayError));
    }

    [Theory]
    [InlineData(1, GrpcCancelled)]
    [InlineData(4, GrpcDeadlineExceeded)]
    [InlineData(8, GrpcResourceExhausted)]
    [InlineData(13, GrpcInternal)]
    [InlineData(14, GrpcUnavailable)]
    public void Judge_GrpcStatus_MatchesItsTokenAndOptsIn(int status, RetryConditions token)
    {
        Assert.Equal(Eligible, Judge(Grpc, Status(200, status), token));
        Assert.Equal(NotWanted, Judge(Grpc, Status(200, status), AnyGrpc & ~token));
        Assert.Equal(NotWanted, Judge(Grpc, Status(200, 0), token));
        Assert.Equal(NotWanted, Judge(Post, Status(200, status), token));
    }

    [Fact]
    public void Judge_GrpcCallWithoutOptIn_IsRepeatedOnlyWhenUnsent()
    {
        Assert.Equal(NotRepeatable, Judge(Grpc, Status(503), GatewayError));
        Assert.Equal(Eligible, Judge(Grpc, Status(503), GatewayError | GrpcUnavailable));
        Assert.Equal(Eligible, Judge(Grpc, new AttemptOutcome { Error = ProxyError.ConnectFailed }, ConnectFailure));
    }

    [Fact]
    public void Judge_BodyIsGone_IsNeverRepeated()
    {
        var gone = Get with { Body = BodyReplay.Gone, HasIdempotencyKey = true };

        Assert.Equal(NotRepeatable, Judge(gone, Status(503), Everything));
        Assert.Equal(NotRepeatable, Judge(gone, new AttemptOutcome { Error = ProxyError.UpstreamClosed }, Everything));
        Assert.Equal(Eligible, Judge(Post, new AttemptOutcome { Error = ProxyError.ConnectFailed }, Everything));
    }

    [Fact]
    public void Judge_UpgradeThatWasSent_IsNeverRepeated() =>
        Assert.Equal(NotRepeatable, Judge(Get with { IsUpgrade = true }, Status(503), Everything));

    [Theory]
    [InlineData(ProxyError.CircuitOpen, NotWanted)]
    [InlineData(ProxyError.Overloaded, NotWanted)]
    [InlineData(ProxyError.RateLimited, NotWanted)]
    [InlineData(ProxyError.RetryBudgetExhausted, NotWanted)]
    [InlineData(ProxyError.RetryLimitExceeded, NotWanted)]
    [InlineData(ProxyError.ConnectFailed, Eligible)]
    public void Judge_AnswerFlaggedByAnotherSidecar_IsNeverRetriedWhenItRefusedOrRetried(ProxyError foreign, RetryVerdict expected)
    {
        var flags = default(ErrorFlags);
        flags.Add(ProxyError.UpstreamClosed);
        flags.Add(foreign);

        Assert.Equal(expected, Judge(Get, Status(503) with { ForeignFlags = flags }, Everything));
    }

    [Fact]
    public void Judge_AnyOutcomePolicyMethodAndBody_NeverRepeatsASentNonRepeatableRequest()
    {
        var cases =
            from bits in Gen.Choose(0, (1 << 14) - 1)
            from kind in Gen.Elements(RetryMethodsKind.Safe, RetryMethodsKind.Idempotent, RetryMethodsKind.All, RetryMethodsKind.List)
            from method in Gen.Elements("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "PURGE")
            from flags in Gen.Choose(0, 255)
            from body in Gen.Elements(BodyReplay.Untouched, BodyReplay.Buffered, BodyReplay.Gone)
            from error in Gen.Choose(0, (int)ProxyError.InternalDefect)
            from status in Gen.Elements(200, 409, 425, 500, 502, 503, 504)
            from grpc in Gen.Choose(-1, 16)
            select (bits, kind, method, flags, body, error, status, grpc);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var subject = new RetrySubject(c.method, (c.flags & 1) != 0, (c.flags & 2) != 0, (c.flags & 4) != 0, c.body);
            var outcome = new AttemptOutcome
            {
                Error = (ProxyError)c.error,
                Status = c.error == 0 ? c.status : 0,
                GrpcStatus = c.grpc,
                Sent = (c.flags & 8) != 0 ? SentState.Sent : SentState.Unsent,
                IsConnectionReused = (c.flags & 16) != 0,
                IsResponseStarted = (c.flags & 32) != 0,
                IsRefusedStream = (c.flags & 64) != 0,
            };
            var policy = Policy((RetryConditions)c.bits) with { Methods = new RetryMethods(c.kind, new(["PURGE"])), Statuses = new([425]) };

            if (RetryEligibility.Judge(subject, outcome, policy) != Eligible)
            {
                return true;
            }

            // Written again from PRODUCT §2, not from the code: what was sent, and what covers a repetition of it.
            var isSent = outcome.HasResponse || outcome.IsResponseStarted || (outcome.Sent == SentState.Sent && !outcome.IsRefusedStream);
            var isCovered = subject.HasIdempotencyKey || (subject.IsGrpc && (policy.RetryOn & AnyGrpc) != None) || c.kind switch
            {
                RetryMethodsKind.All => true,
                RetryMethodsKind.List => c.method == "PURGE",
                RetryMethodsKind.Idempotent => c.method is "GET" or "HEAD" or "PUT" or "DELETE",
                _ => c.method is "GET" or "HEAD",
            };
            return c.body != BodyReplay.Gone && (!isSent || (isCovered && !subject.IsUpgrade));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    private static RetryPolicy Policy(RetryConditions retryOn) => Defaults.Retry with { RetryOn = retryOn };

    private static RetryVerdict Judge(in RetrySubject subject, in AttemptOutcome outcome, RetryConditions retryOn) =>
        RetryEligibility.Judge(subject, outcome, Policy(retryOn));

    private static AttemptOutcome Status(int status, int grpcStatus = -1) => new() { Status = status, GrpcStatus = grpcStatus };
}
