using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Policies;
using static Sidecar.Proxy.Policies.CallResult;

namespace Sidecar.Proxy.Tests.Policies;

public class OutcomeClassifierTests
{
    private static readonly BreakerFailures All = Defaults.Breaker.Failures;

    [Theory]
    [InlineData(200, Undecided)]
    [InlineData(404, Undecided)]
    [InlineData(429, Undecided)]
    [InlineData(500, Failure)]
    [InlineData(501, Undecided)]
    [InlineData(502, Failure)]
    [InlineData(503, Failure)]
    [InlineData(505, Undecided)]
    [InlineData(599, Failure)]
    public void AtHeaders_Status_IsAFailureFrom500ExceptTwo(int status, CallResult expected)
    {
        var outcome = new AttemptOutcome { Status = status, GrpcStatus = -1 };

        Assert.Equal(expected, OutcomeClassifier.AtHeaders(outcome, All, isGrpc: false, isCallersDeadline: false));
        Assert.Equal(Undecided, OutcomeClassifier.AtHeaders(outcome, All & ~BreakerFailures.ServerError, isGrpc: false, isCallersDeadline: false));
    }

    [Theory]
    [InlineData(ProxyError.ConnectFailed, BreakerFailures.ConnectFailure)]
    [InlineData(ProxyError.UpstreamClosed, BreakerFailures.Reset)]
    [InlineData(ProxyError.UpstreamProtocol, BreakerFailures.Reset)]
    [InlineData(ProxyError.RequestTimeout, BreakerFailures.Timeout)]
    [InlineData(ProxyError.PerTryTimeout, BreakerFailures.Timeout)]
    public void AtHeaders_FailureOfTheDestination_CountsWhereItsTokenIsNamed(ProxyError error, BreakerFailures token)
    {
        var outcome = new AttemptOutcome { Error = error };

        Assert.Equal(Failure, OutcomeClassifier.AtHeaders(outcome, token, isGrpc: false, isCallersDeadline: false));
        Assert.Equal(Ignored, OutcomeClassifier.AtHeaders(outcome, All & ~token, isGrpc: false, isCallersDeadline: false));
    }

    [Theory]
    [InlineData(ProxyError.CallerGone)]
    [InlineData(ProxyError.CircuitOpen)]
    [InlineData(ProxyError.Overloaded)]
    [InlineData(ProxyError.RateLimited)]
    [InlineData(ProxyError.NoHealthyDestination)]
    [InlineData(ProxyError.Loop)]
    [InlineData(ProxyError.Draining)]
    [InlineData(ProxyError.InternalDefect)]
    public void AtHeaders_RefusalOrCancelOfOurs_IsNobodysFailure(ProxyError error) =>
        Assert.Equal(Ignored, OutcomeClassifier.AtHeaders(new AttemptOutcome { Error = error }, All, isGrpc: false, isCallersDeadline: false));

    [Fact]
    public void AtHeaders_TimeoutByTheCallersShorterDeadline_IsNoFailure()
    {
        Assert.Equal(Ignored, OutcomeClassifier.AtHeaders(new AttemptOutcome { Error = ProxyError.RequestTimeout }, All, isGrpc: false, isCallersDeadline: true));
        Assert.Equal(Failure, OutcomeClassifier.AtHeaders(new AttemptOutcome { Error = ProxyError.PerTryTimeout }, All, isGrpc: false, isCallersDeadline: true));
        Assert.Equal(Ignored, OutcomeClassifier.AtHeaders(new AttemptOutcome { Status = 200, GrpcStatus = 4 }, All, isGrpc: true, isCallersDeadline: true));
    }

    [Theory]
    [InlineData(ProxyError.CircuitOpen, Ignored)]
    [InlineData(ProxyError.Overloaded, Ignored)]
    [InlineData(ProxyError.RateLimited, Ignored)]
    [InlineData(ProxyError.ConnectFailed, Failure)]
    [InlineData(ProxyError.RetryLimitExceeded, Failure)]
    public void AtHeaders_AnswerFlaggedByAnotherSidecar_IsNoFailureWhenItRefused(ProxyError foreign, CallResult expected)
    {
        var flags = default(ErrorFlags);
        flags.Add(foreign);

        var outcome = new AttemptOutcome { Status = 503, GrpcStatus = -1, ForeignFlags = flags };

        Assert.Equal(expected, OutcomeClassifier.AtHeaders(outcome, All, isGrpc: false, isCallersDeadline: false));
    }

    [Theory]
    [InlineData(0, Success)]
    [InlineData(1, Success)]
    [InlineData(2, Failure)]
    [InlineData(3, Success)]
    [InlineData(4, Failure)]
    [InlineData(5, Success)]
    [InlineData(8, Success)]
    [InlineData(13, Failure)]
    [InlineData(14, Failure)]
    [InlineData(15, Failure)]
    [InlineData(16, Success)]
    [InlineData(1000, Success)]
    public void GrpcStatus_InHeadersOrTrailers_CountsByTheDefaultFailures(int status, CallResult expected)
    {
        var outcome = new AttemptOutcome { Status = 200, GrpcStatus = status };

        Assert.Equal(expected, OutcomeClassifier.AtHeaders(outcome, All, isGrpc: true, isCallersDeadline: false));
        Assert.Equal(expected, OutcomeClassifier.AtEnd(ExchangeCompletion.WithGrpcStatus(status), All, isCallersDeadline: false));
    }

    [Fact]
    public void AtEnd_BodyBrokeOff_IsAReset()
    {
        Assert.Equal(Failure, OutcomeClassifier.AtEnd(ExchangeCompletion.Failed(ProxyError.UpstreamClosed), All, isCallersDeadline: false));
        Assert.Equal(Failure, OutcomeClassifier.AtEnd(ExchangeCompletion.Failed(ProxyError.RequestTimeout), All, isCallersDeadline: true));
        Assert.Equal(Ignored, OutcomeClassifier.AtEnd(ExchangeCompletion.CallerGone, All, isCallersDeadline: false));
        Assert.Equal(Success, OutcomeClassifier.AtEnd(ExchangeCompletion.Ended, All, isCallersDeadline: false));
    }
}
