using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;
using Sidecar.Configuration.Merging;

namespace Sidecar.Configuration.Validation;

/// <summary>Combinations within one composed policy.</summary>
internal static class PolicyRules
{
    private const RetryConditions StatusConditions =
        RetryConditions.GatewayError | RetryConditions.ServerError | RetryConditions.Retriable4xx | RetryConditions.AnyGrpc;

    /// <summary>Reports what cannot be. The place is the value that was written, not the default it disagrees with.</summary>
    /// <param name="composed">The policy.</param>
    /// <param name="owner">Place of last resort: the route or the named policy.</param>
    /// <param name="problems">Gets the errors.</param>
    public static void CheckErrors(ComposedPolicy composed, DocumentNode owner, ProblemList problems)
    {
        var (policy, node) = composed;
        RequireOrder(
            ("perTry", policy.Timeouts.PerTry, node.Find("timeouts", "perTry")),
            ("request", policy.Timeouts.Request, node.Find("timeouts", "request")),
            owner,
            problems);
        RequireOrder(
            ("backoff.base", policy.Retry?.Backoff.Base, node.Find("retry", "backoff", "base")),
            ("backoff.max", policy.Retry?.Backoff.Max, node.Find("retry", "backoff", "max")),
            owner,
            problems);
        RequireOrder(
            ("open.base", policy.CircuitBreaker?.OpenBase, node.Find("circuitBreaker", "open", "base")),
            ("open.max", policy.CircuitBreaker?.OpenMax, node.Find("circuitBreaker", "open", "max")),
            owner,
            problems);
        if (policy.CircuitBreaker is { ConsecutiveFailures: null, FailureRatio: null, SlowCallDuration: null })
        {
            problems.Error(
                node["circuitBreaker"] ?? owner,
                "consecutiveFailures, failureRatio and slowCall.duration are all off: this breaker can never open; turn one on, or write circuitBreaker: off");
        }
    }

    /// <summary>Reports what is probably not meant, for a policy that a route uses.</summary>
    public static void CheckWarnings(ComposedPolicy composed, DocumentNode owner, LimitsConfiguration limits, ProblemList problems)
    {
        var (policy, node) = composed;
        if (policy.Retry is not { MaxRetries: > 0 } retry)
        {
            return;
        }

        var retryOn = node.Find("retry", "retryOn") ?? node["retry"] ?? owner;
        var timeouts = policy.Timeouts;
        if (timeouts.PerTry is null)
        {
            if (!retry.Statuses.Items.IsEmpty || (retry.RetryOn & StatusConditions) != RetryConditions.None)
            {
                problems.Warning(retryOn, "retries on a status without timeouts.perTry: one slow attempt can use up the whole request timeout; write perTry");
            }

            if (retry.RetryOn.HasFlag(RetryConditions.PerTryTimeout))
            {
                problems.Warning(retryOn, "per-try-timeout never happens while timeouts.perTry is off: write perTry");
            }
        }
        else if (timeouts.Request is { } request && timeouts.PerTry is { } perTry && perTry * (retry.MaxRetries + 1) > request)
        {
            problems.Warning(
                node.Find("timeouts", "perTry") ?? owner,
                $"{retry.MaxRetries + 1} tries of perTry {DurationShape.Format(perTry)} do not fit in request {DurationShape.Format(request)}: the last ones are cut short; shorten perTry or lower maxRetries");
        }

        if (retry.ReplayBytes > limits.ReplayTotalBytes)
        {
            problems.Warning(
                node.Find("retry", "replayBytes") ?? owner,
                $"replayBytes {SizeShape.Format(retry.ReplayBytes)} is more than limits.replayTotal {SizeShape.Format(limits.ReplayTotalBytes)}: such bodies are never kept; lower it or raise the total");
        }
    }

    private static void RequireOrder(
        (string Name, TimeSpan? Value, DocumentNode? Node) shorter,
        (string Name, TimeSpan? Value, DocumentNode? Node) longer,
        DocumentNode owner,
        ProblemList problems)
    {
        if (shorter.Value is { } low && longer.Value is { } high && low > high)
        {
            problems.Error(
                shorter.Node ?? longer.Node ?? owner,
                $"{shorter.Name} {DurationShape.Format(low)}{Origin(shorter.Node)} is longer than {longer.Name} {DurationShape.Format(high)}{Origin(longer.Node)}: shorten {shorter.Name} or raise {longer.Name}");
        }
    }

    private static string Origin(DocumentNode? written) => written is null ? " (default)" : "";
}
