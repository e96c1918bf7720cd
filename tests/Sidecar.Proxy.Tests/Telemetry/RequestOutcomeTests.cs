using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class RequestOutcomeTests
{
    private static readonly Dictionary<ProxyError, RequestOutcome> Expected = new()
    {
        [ProxyError.None] = RequestOutcome.Success,
        [ProxyError.NoRoute] = RequestOutcome.Refused,
        [ProxyError.NoHealthyDestination] = RequestOutcome.Failure,
        [ProxyError.CircuitOpen] = RequestOutcome.Refused,
        [ProxyError.ConnectFailed] = RequestOutcome.Failure,
        [ProxyError.UpstreamClosed] = RequestOutcome.Failure,
        [ProxyError.UpstreamProtocol] = RequestOutcome.Failure,
        [ProxyError.RequestTimeout] = RequestOutcome.Failure,
        [ProxyError.PerTryTimeout] = RequestOutcome.Failure,
        [ProxyError.RetryBudgetExhausted] = RequestOutcome.Success,
        [ProxyError.RetryLimitExceeded] = RequestOutcome.Success,
        [ProxyError.Overloaded] = RequestOutcome.Refused,
        [ProxyError.RateLimited] = RequestOutcome.Refused,
        [ProxyError.FallbackAnswered] = RequestOutcome.Success,
        [ProxyError.FaultInjected] = RequestOutcome.Success,
        [ProxyError.DelayInjected] = RequestOutcome.Success,
        [ProxyError.Draining] = RequestOutcome.Refused,
        [ProxyError.Loop] = RequestOutcome.Refused,
        [ProxyError.MalformedRequest] = RequestOutcome.Refused,
        [ProxyError.CallerGone] = RequestOutcome.Cancelled,
        [ProxyError.InternalDefect] = RequestOutcome.Failure,
    };

    [Fact]
    public void Of_EveryError_HasItsOutcome() =>
        Assert.All(Enum.GetValues<ProxyError>(), static error => Assert.Equal(Expected[error], Outcomes.Of(Record(200, -1, error))));

    [Theory]
    [InlineData(200, -1, "")]
    [InlineData(404, -1, "")]
    [InlineData(503, -1, "503")]
    [InlineData(700, -1, "_OTHER")]
    [InlineData(200, 14, "UNAVAILABLE")]
    [InlineData(200, 5, "")]
    [InlineData(200, 99, "")]
    public void ErrorType_OfTheUpstreamsAnswer_IsTheServersPointOfView(int status, int grpcStatus, string expected) =>
        Assert.Equal(expected, Outcomes.ErrorType(Record(status, grpcStatus, ProxyError.None)));

    [Fact]
    public void ErrorType_RetryLimitBesideATimeout_IsTheTimeout()
    {
        var record = Record(504, -1, ProxyError.RequestTimeout);
        record.Flags.Add(ProxyError.RetryLimitExceeded);

        Assert.Equal("request_timeout", Outcomes.ErrorType(record));
        Assert.Equal(RequestOutcome.Failure, Outcomes.Of(record));
    }

    private static RequestRecord Record(int status, int grpcStatus, ProxyError error)
    {
        var record = new RequestRecord { Status = status, GrpcStatus = grpcStatus };
        record.Flags.Add(error);
        return record;
    }
}
