using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Errors;

/// <summary>Whose failure an error is counted as.</summary>
public enum FailureOwner
{
    /// <summary>Nobody's.</summary>
    None,

    /// <summary>The route's.</summary>
    Route,

    /// <summary>The destination's: its breaker sees it.</summary>
    Destination,
}

/// <summary>One row of the vocabulary.</summary>
/// <param name="Flag">What the header, the metric label and the log say.</param>
/// <param name="Name">What <c>error.type</c> says.</param>
/// <param name="Status">HTTP status; 0: that of the last outcome.</param>
/// <param name="GrpcStatus">gRPC status; -1: that of the last outcome.</param>
/// <param name="Owner">Whose failure it is counted as.</param>
/// <param name="Severity">Level of its log line.</param>
/// <param name="HasRetryAfter">The answer carries <c>Retry-After</c>.</param>
/// <param name="Sentence">The problem document's title: one sentence for the caller.</param>
public sealed record ProxyErrorRow(
    string Flag,
    string Name,
    int Status,
    int GrpcStatus,
    FailureOwner Owner,
    LogSeverity Severity,
    bool HasRetryAfter,
    string Sentence)
{
    /// <summary>HTTP status on the inbound listener.</summary>
    public int InboundStatus { get; init; } = Status;
}

/// <summary>The one table that says what each <see cref="ProxyError"/> looks like (PRODUCT §3).</summary>
public static class ProxyErrorTable
{
    // gRPC status numbers: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
    private const int Cancelled = 1, InvalidArgument = 3, DeadlineExceeded = 4, ResourceExhausted = 8, Aborted = 10,
        Unimplemented = 12, Internal = 13, Unavailable = 14;

    private static readonly ProxyErrorRow[] Rows =
    [
        new("", "", 0, -1, FailureOwner.None, LogSeverity.Info, false, ""),
        new("NR", "no_route", 404, Unimplemented, FailureOwner.None, LogSeverity.Info, false, "No route matches this request."),
        new("UH", "no_healthy_destination", 503, Unavailable, FailureOwner.Route, LogSeverity.Warn, false, "No destination of the route's cluster is healthy."),
        new("CB", "circuit_open", 503, Unavailable, FailureOwner.None, LogSeverity.Info, true, "The circuit breaker of this route is open."),
        new("UF", "connect_failed", 502, Unavailable, FailureOwner.Destination, LogSeverity.Warn, false, "No connection to the upstream could be made."),
        new("UC", "upstream_closed", 502, Unavailable, FailureOwner.Destination, LogSeverity.Warn, false, "The upstream closed the connection before it answered."),
        new("UP", "upstream_protocol", 502, Internal, FailureOwner.Destination, LogSeverity.Warn, false, "The upstream broke the protocol."),
        new("UT", "request_timeout", 504, DeadlineExceeded, FailureOwner.Destination, LogSeverity.Warn, false, "The upstream did not answer within the request timeout."),
        new("PT", "per_try_timeout", 504, DeadlineExceeded, FailureOwner.Destination, LogSeverity.Warn, false, "The upstream did not answer within the timeout of one try."),
        new("RB", "retry_budget_exhausted", 0, -1, FailureOwner.None, LogSeverity.Info, false, "The retry budget is exhausted."),
        new("URX", "retry_limit_exceeded", 0, -1, FailureOwner.None, LogSeverity.Info, false, "The retry limit is exhausted."),
        new("OV", "overloaded", 503, ResourceExhausted, FailureOwner.None, LogSeverity.Warn, true, "A concurrency or connection limit is reached.") { InboundStatus = 429 },
        new("RL", "rate_limited", 429, ResourceExhausted, FailureOwner.None, LogSeverity.Info, true, "The rate limit of this route is reached."),
        new("FB", "fallback_answered", 0, -1, FailureOwner.None, LogSeverity.Info, false, "A fallback answered."),
        new("FI", "fault_injected", 0, -1, FailureOwner.None, LogSeverity.Info, false, "A fault was injected."),
        new("DI", "delay_injected", 0, -1, FailureOwner.None, LogSeverity.Info, false, "A delay was injected."),
        new("DR", "draining", 503, Unavailable, FailureOwner.None, LogSeverity.Debug, false, "The proxy is draining."),
        new("LD", "loop", 508, Aborted, FailureOwner.None, LogSeverity.Error, false, "The destination is the proxy itself."),
        new("BR", "malformed_request", 400, InvalidArgument, FailureOwner.None, LogSeverity.Info, false, "The request is malformed."),
        new("DC", "caller_gone", 499, Cancelled, FailureOwner.None, LogSeverity.Debug, false, "The caller went away."),
        new("IE", "internal_defect", 500, Internal, FailureOwner.None, LogSeverity.Error, false, "The proxy failed."),
    ];

    /// <summary>The row of an error.</summary>
    public static ProxyErrorRow Row(ProxyError error) => Rows[(int)error];

    /// <summary>The flag of an error; empty for none.</summary>
    public static string Flag(ProxyError error) => Rows[(int)error].Flag;

    /// <summary>The error of a flag; <see cref="ProxyError.None"/> for an unknown one.</summary>
    public static ProxyError FromFlag(ReadOnlySpan<char> flag)
    {
        for (var i = 1; i < Rows.Length; i++)
        {
            if (flag.SequenceEqual(Rows[i].Flag))
            {
                return (ProxyError)i;
            }
        }

        return ProxyError.None;
    }
}
