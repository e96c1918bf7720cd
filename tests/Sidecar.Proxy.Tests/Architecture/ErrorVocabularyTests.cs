using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Tests.Architecture;

/// <summary>The failure vocabulary is a promise to callers, dashboards and runbooks: every row is repeated here on purpose.</summary>
public sealed class ErrorVocabularyTests
{
    // gRPC status numbers: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
    private const int Last = -1, Cancelled = 1, InvalidArgument = 3, DeadlineExceeded = 4, ResourceExhausted = 8, Aborted = 10, Unimplemented = 12, Internal = 13, Unavailable = 14;

    public static TheoryData<ProxyError, string, int, int, FailureOwner, LogSeverity, bool> Promised { get; } = new()
    {
        { ProxyError.NoRoute, "NR", 404, Unimplemented, FailureOwner.None, LogSeverity.Info, false },
        { ProxyError.NoHealthyDestination, "UH", 503, Unavailable, FailureOwner.Route, LogSeverity.Warn, false },
        { ProxyError.CircuitOpen, "CB", 503, Unavailable, FailureOwner.None, LogSeverity.Info, true },
        { ProxyError.ConnectFailed, "UF", 502, Unavailable, FailureOwner.Destination, LogSeverity.Warn, false },
        { ProxyError.UpstreamClosed, "UC", 502, Unavailable, FailureOwner.Destination, LogSeverity.Warn, false },
        { ProxyError.UpstreamProtocol, "UP", 502, Internal, FailureOwner.Destination, LogSeverity.Warn, false },
        { ProxyError.RequestTimeout, "UT", 504, DeadlineExceeded, FailureOwner.Destination, LogSeverity.Warn, false },
        { ProxyError.PerTryTimeout, "PT", 504, DeadlineExceeded, FailureOwner.Destination, LogSeverity.Warn, false },
        { ProxyError.RetryBudgetExhausted, "RB", 0, Last, FailureOwner.None, LogSeverity.Info, false },
        { ProxyError.RetryLimitExceeded, "URX", 0, Last, FailureOwner.None, LogSeverity.Info, false },
        { ProxyError.Overloaded, "OV", 503, ResourceExhausted, FailureOwner.None, LogSeverity.Warn, true },
        { ProxyError.RateLimited, "RL", 429, ResourceExhausted, FailureOwner.None, LogSeverity.Info, true },
        { ProxyError.FallbackAnswered, "FB", 0, Last, FailureOwner.None, LogSeverity.Info, false },
        { ProxyError.FaultInjected, "FI", 0, Last, FailureOwner.None, LogSeverity.Info, false },
        { ProxyError.DelayInjected, "DI", 0, Last, FailureOwner.None, LogSeverity.Info, false },
        { ProxyError.Draining, "DR", 503, Unavailable, FailureOwner.None, LogSeverity.Debug, false },
        { ProxyError.Loop, "LD", 508, Aborted, FailureOwner.None, LogSeverity.Error, false },
        { ProxyError.MalformedRequest, "BR", 400, InvalidArgument, FailureOwner.None, LogSeverity.Info, false },
        { ProxyError.CallerGone, "DC", 499, Cancelled, FailureOwner.None, LogSeverity.Debug, false },
        { ProxyError.InternalDefect, "IE", 500, Internal, FailureOwner.None, LogSeverity.Error, false },
    };

    [Theory]
    [MemberData(nameof(Promised))]
    public void Row_OfEachError_IsWhatWasPromised(ProxyError error, string flag, int status, int grpcStatus, FailureOwner owner, LogSeverity severity, bool hasRetryAfter)
    {
        var row = ProxyErrorTable.Row(error);

        Assert.Equal((flag, status, grpcStatus, owner, severity, hasRetryAfter), (row.Flag, row.Status, row.GrpcStatus, row.Owner, row.Severity, row.HasRetryAfter));
        Assert.NotEmpty(row.Name);
        Assert.EndsWith(".", row.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_AllOfThem_ArePromisedExactlyOnce() =>
        Assert.Equal(Enum.GetValues<ProxyError>().Where(error => error != ProxyError.None), Promised.Select(row => (ProxyError)row[0]).Order());

    [Fact]
    public void FlagsAndNames_AreUnique()
    {
        var rows = Enum.GetValues<ProxyError>().Select(ProxyErrorTable.Row).ToArray();

        Assert.Equal(rows.Length, rows.Select(row => row.Flag).Distinct().Count());
        Assert.Equal(rows.Length, rows.Select(row => row.Name).Distinct().Count());
    }

    [Fact]
    public void FromFlag_OfEachFlag_GivesItsError() =>
        Assert.All(Enum.GetValues<ProxyError>().Where(error => error != ProxyError.None), error => Assert.Equal(error, ProxyErrorTable.FromFlag(ProxyErrorTable.Flag(error))));

    [Fact]
    public void FromFlag_OfAnUnknownFlag_GivesNone() => Assert.Equal(ProxyError.None, ProxyErrorTable.FromFlag("XX"));
}
