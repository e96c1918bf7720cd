using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Policies;

/// <summary>What one call means to a breaker.</summary>
public enum CallResult : byte
{
    /// <summary>Headers do not say yet: the end of the response will.</summary>
    Undecided,

    /// <summary>The upstream did its work.</summary>
    Success,

    /// <summary>Counts against the upstream.</summary>
    Failure,

    /// <summary>Says nothing about the upstream: not counted, a probe's slot is given back.</summary>
    Ignored,
}

/// <summary>The one place that says what counts as a failure of the upstream (<c>circuitBreaker.failures</c>). Pure.</summary>
public static class OutcomeClassifier
{
    // gRPC status numbers: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
    private const int Unknown = 2, DeadlineExceeded = 4, Internal = 13, Unavailable = 14, DataLoss = 15;

    /// <summary>What is known of an attempt at its headers, or at its failure.</summary>
    /// <param name="outcome">What the attempt came to; clocks already told apart.</param>
    /// <param name="failures">What the policy counts.</param>
    /// <param name="isGrpc">The call is <c>application/grpc</c>.</param>
    /// <param name="isCallersDeadline">The deadline in force is the caller's own, shorter than the policy's.</param>
    public static CallResult AtHeaders(in AttemptOutcome outcome, BreakerFailures failures, bool isGrpc, bool isCallersDeadline)
    {
        if (!outcome.HasResponse)
        {
            return OfError(outcome.Error, failures, isCallersDeadline);
        }

        if (IsRefusalOfAnother(outcome.ForeignFlags))
        {
            return CallResult.Ignored;
        }

        // 501 and 505 are about the request, not about the upstream's health.
        if (outcome.Status is >= 500 and not (501 or 505) && (failures & BreakerFailures.ServerError) != BreakerFailures.None)
        {
            return CallResult.Failure;
        }

        return isGrpc && outcome.GrpcStatus >= 0 ? OfGrpcStatus(outcome.GrpcStatus, failures, isCallersDeadline) : CallResult.Undecided;
    }

    /// <summary>What the end of a response says that its headers could not.</summary>
    /// <param name="completion">How it ended.</param>
    /// <param name="failures">What the policy counts.</param>
    /// <param name="isCallersDeadline">As at the headers.</param>
    public static CallResult AtEnd(in ExchangeCompletion completion, BreakerFailures failures, bool isCallersDeadline)
    {
        if (completion.Error != ProxyError.None)
        {
            return OfError(completion.Error, failures, isCallersDeadline: false);
        }

        return completion.GrpcStatus >= 0 ? OfGrpcStatus(completion.GrpcStatus, failures, isCallersDeadline) : CallResult.Success;
    }

    /// <summary>Another sidecar refused: its upstream never saw the request, and this says nothing about it.</summary>
    private static bool IsRefusalOfAnother(ErrorFlags flags) =>
        !flags.IsEmpty && (flags.Contains(ProxyError.CircuitOpen) || flags.Contains(ProxyError.Overloaded) || flags.Contains(ProxyError.RateLimited));

    private static CallResult OfError(ProxyError error, BreakerFailures failures, bool isCallersDeadline)
    {
        var kind = error switch
        {
            ProxyError.ConnectFailed => BreakerFailures.ConnectFailure,
            ProxyError.UpstreamClosed or ProxyError.UpstreamProtocol => BreakerFailures.Reset,
            ProxyError.PerTryTimeout => BreakerFailures.Timeout,
            ProxyError.RequestTimeout when !isCallersDeadline => BreakerFailures.Timeout,
            _ => BreakerFailures.None,
        };

        // A kind of failure that the policy does not count is no success either: it must not end a row of failures
        // or close a circuit.
        return (failures & kind) != BreakerFailures.None ? CallResult.Failure : CallResult.Ignored;
    }

    private static CallResult OfGrpcStatus(int status, BreakerFailures failures, bool isCallersDeadline)
    {
        // The upstream honours the deadline that we passed on: when it says so before our own clock does, that is
        // the same timeout, and by a caller's short deadline it is as little a failure as ours.
        if (status == DeadlineExceeded && isCallersDeadline)
        {
            return CallResult.Ignored;
        }

        var kind = status switch
        {
            Unknown => BreakerFailures.GrpcUnknown,
            DeadlineExceeded => BreakerFailures.GrpcDeadlineExceeded,
            Internal => BreakerFailures.GrpcInternal,
            Unavailable => BreakerFailures.GrpcUnavailable,
            DataLoss => BreakerFailures.GrpcDataLoss,
            _ => BreakerFailures.None,
        };
        return (failures & kind) != BreakerFailures.None ? CallResult.Failure : CallResult.Success;
    }
}
