using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Policies.Retry;

/// <summary>What a request allows, as far as retries care.</summary>
/// <param name="Method">As sent upstream.</param>
/// <param name="HasIdempotencyKey">Makes any method repeatable.</param>
/// <param name="IsGrpc">The call is <c>application/grpc</c>.</param>
/// <param name="IsUpgrade">Upgrade or extended CONNECT.</param>
/// <param name="Body">What the caller's body allows now.</param>
public readonly record struct RetrySubject(string Method, bool HasIdempotencyKey, bool IsGrpc, bool IsUpgrade, BodyReplay Body);

/// <summary>May this outcome be tried again?</summary>
public enum RetryVerdict
{
    /// <summary>A success, or a failure that <c>retryOn</c> does not name.</summary>
    NotWanted,

    /// <summary>Named, but the request may not be repeated.</summary>
    NotRepeatable,

    /// <summary>Named, and repeating does no harm.</summary>
    Eligible,
}

/// <summary>
/// Retry is earned: the one function that says whether an outcome may be tried again. Limits, budget and time are
/// asked later; nothing they say can make an ineligible request eligible. Pure.
/// </summary>
public static class RetryEligibility
{
    // gRPC status numbers: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
    private const int Cancelled = 1, DeadlineExceeded = 4, ResourceExhausted = 8, Internal = 13, Unavailable = 14;

    /// <summary>Judges one outcome under one policy.</summary>
    public static RetryVerdict Judge(in RetrySubject subject, in AttemptOutcome outcome, RetryPolicy policy)
    {
        var isNamed = outcome.HasResponse ? IsResponseNamed(subject, outcome, policy) : IsFailureNamed(outcome, policy.RetryOn);
        if (!isNamed)
        {
            return RetryVerdict.NotWanted;
        }

        return IsRepeatable(subject, outcome, policy) ? RetryVerdict.Eligible : RetryVerdict.NotRepeatable;
    }

    /// <summary>Naming a gRPC status is the opt-in for gRPC calls on the route.</summary>
    public static bool IsOptedInForGrpc(RetryPolicy policy) => (policy.RetryOn & RetryConditions.AnyGrpc) != RetryConditions.None;

    /// <summary>Status tokens match only what the upstream sent.</summary>
    private static bool IsResponseNamed(in RetrySubject subject, in AttemptOutcome outcome, RetryPolicy policy)
    {
        // Another sidecar already refused, limited or retried this: one more retry on top multiplies.
        var foreign = outcome.ForeignFlags;
        if (foreign.Contains(ProxyError.CircuitOpen) || foreign.Contains(ProxyError.Overloaded) || foreign.Contains(ProxyError.RateLimited)
            || foreign.Contains(ProxyError.RetryBudgetExhausted) || foreign.Contains(ProxyError.RetryLimitExceeded))
        {
            return false;
        }

        var conditions = outcome.Status switch
        {
            502 or 503 or 504 => RetryConditions.GatewayError | RetryConditions.ServerError,
            >= 500 => RetryConditions.ServerError,
            409 => RetryConditions.Retriable4xx,
            _ => RetryConditions.None,
        };
        if (subject.IsGrpc)
        {
            conditions |= OfGrpcStatus(outcome.GrpcStatus);
        }

        return (policy.RetryOn & conditions) != RetryConditions.None || policy.Statuses.Contains(outcome.Status);
    }

    /// <summary>Our own findings match only their named tokens; what is not listed here is never retried.</summary>
    private static bool IsFailureNamed(in AttemptOutcome outcome, RetryConditions retryOn)
    {
        var conditions = outcome.Error switch
        {
            // A connect timeout is a connect failure; it is not "unsent", which names connections that existed.
            ProxyError.ConnectFailed => RetryConditions.ConnectFailure,
            ProxyError.PerTryTimeout => RetryConditions.PerTryTimeout,
            ProxyError.UpstreamClosed => OfClosed(outcome),
            ProxyError.UpstreamProtocol => OfUnprocessed(outcome),
            _ => RetryConditions.None,
        };
        return (retryOn & conditions) != RetryConditions.None;
    }

    private static RetryConditions OfClosed(in AttemptOutcome outcome)
    {
        var conditions = OfUnprocessed(outcome);
        if (!outcome.IsResponseStarted)
        {
            conditions |= RetryConditions.Reset;
            if (outcome.IsConnectionReused)
            {
                conditions |= RetryConditions.StaleConnection;
            }
        }

        return conditions;
    }

    private static RetryConditions OfUnprocessed(in AttemptOutcome outcome) =>
        (outcome.IsRefusedStream ? RetryConditions.RefusedStream : RetryConditions.None)
        | (outcome is { Sent: SentState.Unsent, IsResponseStarted: false } ? RetryConditions.Unsent : RetryConditions.None);

    private static RetryConditions OfGrpcStatus(int status) => status switch
    {
        Cancelled => RetryConditions.GrpcCancelled,
        DeadlineExceeded => RetryConditions.GrpcDeadlineExceeded,
        ResourceExhausted => RetryConditions.GrpcResourceExhausted,
        Internal => RetryConditions.GrpcInternal,
        Unavailable => RetryConditions.GrpcUnavailable,
        _ => RetryConditions.None,
    };

    /// <summary>Every "never repeated" of PRODUCT §2, in one place.</summary>
    private static bool IsRepeatable(in RetrySubject subject, in AttemptOutcome outcome, RetryPolicy policy)
    {
        // What was read from the caller and not kept cannot be sent again, whatever else allows it.
        if (subject.Body == BodyReplay.Gone)
        {
            return false;
        }

        // The upstream cannot have acted on it: any method, upgrades too.
        if (!MayHaveBeenProcessed(outcome))
        {
            return true;
        }

        // An upgrade that was sent may have changed hands already.
        return !subject.IsUpgrade
            && (policy.Methods.Contains(subject.Method) || subject.HasIdempotencyKey || (subject.IsGrpc && IsOptedInForGrpc(policy)));
    }

    /// <summary>An answer proves that it was seen; REFUSED_STREAM and GOAWAY promise that it was not (RFC 9113 §8.7).</summary>
    private static bool MayHaveBeenProcessed(in AttemptOutcome outcome) =>
        outcome.HasResponse || outcome.IsResponseStarted || (outcome.Sent != SentState.Unsent && !outcome.IsRefusedStream);
}
