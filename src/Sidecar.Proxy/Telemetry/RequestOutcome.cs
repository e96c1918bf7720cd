using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Telemetry;

/// <summary>What became of a request: every request is exactly one of these.</summary>
public enum RequestOutcome
{
    /// <summary>Carried, and the upstream did not say it failed.</summary>
    Success,

    /// <summary>The upstream failed, could not be reached, or we did.</summary>
    Failure,

    /// <summary>We answered it ourselves, by rule.</summary>
    Refused,

    /// <summary>The caller went away.</summary>
    Cancelled,
}

/// <summary>Reads outcome and <c>error.type</c> from an account; pure.</summary>
public static class Outcomes
{
    /// <summary>What became of the request.</summary>
    public static RequestOutcome Of(RequestRecord record) => record.Flags.Cause switch
    {
        ProxyError.None => ErrorType(record).Length == 0 ? RequestOutcome.Success : RequestOutcome.Failure,
        ProxyError.CallerGone => RequestOutcome.Cancelled,
        ProxyError.NoRoute or ProxyError.CircuitOpen or ProxyError.Overloaded or ProxyError.RateLimited or ProxyError.Draining
            or ProxyError.Loop or ProxyError.MalformedRequest => RequestOutcome.Refused,
        _ => RequestOutcome.Failure,
    };

    /// <summary>
    /// <c>error.type</c> of the request: the name of our own error, else the status from 500, else the name of a gRPC status that
    /// the semantic conventions call a server's error; empty when there is none.
    /// </summary>
    public static string ErrorType(RequestRecord record)
    {
        var cause = record.Flags.Cause;
        return cause != ProxyError.None ? ProxyErrorTable.Row(cause).Name
            : record.Status >= 500 ? StatusError(record.Status)
            : IsGrpcServerError(record.GrpcStatus) ? LabelValues.GrpcStatus(record.GrpcStatus)
            : "";
    }

    /// <summary><c>error.type</c> of an attempt. For a client every status from 400 and every gRPC status but OK is one.</summary>
    public static string ErrorType(in AttemptRecord attempt) =>
        attempt.Error != ProxyError.None ? ProxyErrorTable.Row(attempt.Error).Name
        : attempt.Status >= 400 ? StatusError(attempt.Status)
        : attempt.GrpcStatus > 0 ? LabelValues.GrpcStatus(attempt.GrpcStatus)
        : "";

    private static string StatusError(int status) => LabelValues.Status(status) is { Length: > 0 } text ? text : "_OTHER";

    // UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS:
    // https://opentelemetry.io/docs/specs/semconv/rpc/grpc/#grpc-status
    private static bool IsGrpcServerError(int status) => status is 2 or 4 or 12 or 13 or 14 or 15;
}
