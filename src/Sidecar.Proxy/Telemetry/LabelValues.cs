using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Turns what a peer sent into label values of a closed set, without allocation: a million random methods, statuses or
/// paths must not add a series.
/// </summary>
public static class LabelValues
{
    /// <summary>What <c>route</c> says when no written route matched, in every direction (PRODUCT §6: "<c>passthrough</c> when none").</summary>
    public const string NoRoute = "passthrough";

    private const int FirstStatus = 100, LastStatus = 599;

    private static readonly string?[] Statuses = new string?[LastStatus - FirstStatus + 1];

    // https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
    private static readonly string[] GrpcStatuses =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
        "UNAUTHENTICATED",
    ];

    /// <summary>The route's id, or <see cref="NoRoute"/>.</summary>
    public static string Route(string routeId) => routeId.Length == 0 ? NoRoute : routeId;

    /// <summary>A method of RFC 9110 or RFC 5789 as it is; anything else <c>_OTHER</c> (OpenTelemetry's semantic conventions).</summary>
    public static string Method(string method) => method switch
    {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        _ => "_OTHER",
    };

    /// <summary>A status between 100 and 599 as text; empty (absent) for anything else.</summary>
    public static string Status(int status)
    {
        if (status is < FirstStatus or > LastStatus)
        {
            return "";
        }

        // Two threads may both make the text; either is right.
        return Statuses[status - FirstStatus] ??= status.ToString();
    }

    /// <summary>The name of a gRPC status; <c>UNKNOWN</c> for a number out of range, as gRPC itself reads it.</summary>
    public static string GrpcStatus(int status) => GrpcStatuses[(uint)status < GrpcStatuses.Length ? status : 2];

    /// <summary>What became of a retry, as the label says it.</summary>
    public static string Name(RetryDecision decision) => decision switch
    {
        RetryDecision.Retried => "retried",
        RetryDecision.LimitReached => "limit-reached",
        RetryDecision.BudgetExhausted => "budget-exhausted",
        RetryDecision.NotRepeatable => "not-repeatable",
        RetryDecision.NoTime => "no-time",
        _ => "retry-after-too-long",
    };

    /// <summary>The state of a breaker, as labels, logs and <c>/breakers</c> say it.</summary>
    public static string Name(BreakerState state) => state switch
    {
        BreakerState.Closed => "closed",
        BreakerState.Open => "open",
        BreakerState.HalfOpen => "half-open",
        _ => "held",
    };

    /// <summary>The direction, as labels, logs and documents say it.</summary>
    public static string Name(Direction direction) => direction switch
    {
        Direction.Outbound => "outbound",
        Direction.Inbound => "inbound",
        _ => "reverse",
    };

    /// <summary>The outcome, as the label says it.</summary>
    public static string Name(RequestOutcome outcome) => outcome switch
    {
        RequestOutcome.Success => "success",
        RequestOutcome.Failure => "failure",
        RequestOutcome.Refused => "refused",
        _ => "cancelled",
    };

    /// <summary>The result of a reload, as the label says it.</summary>
    public static string Name(ReloadResult result) => result switch
    {
        ReloadResult.Accepted => "accepted",
        ReloadResult.Rejected => "rejected",
        _ => "unchanged",
    };
}

/// <summary>What became of reading the configuration again.</summary>
public enum ReloadResult
{
    /// <summary>It is in use.</summary>
    Accepted,

    /// <summary>It was invalid; the last good one stays.</summary>
    Rejected,

    /// <summary>It means the same as the one in use.</summary>
    Unchanged,
}
