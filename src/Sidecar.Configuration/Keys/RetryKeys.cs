using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>retry.backoff</c>.</summary>
internal static class BackoffKeys
{
    private static readonly BackoffPolicy Defaults = ConfigurationDefaults.Backoff;

    /// <summary>First wait.</summary>
    public static readonly ConfigurationKey<TimeSpan> Base = new(
        "base", Shapes.DurationOrZero, Defaults.Base, "Longest first wait; doubles per retry.");

    /// <summary>Longest wait.</summary>
    public static readonly ConfigurationKey<TimeSpan> Max = new(
        "max", Shapes.DurationOrZero, Defaults.Max, "Longest wait. Each wait is random between zero and its bound (full jitter).");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<BackoffPolicy> Shape = new(
        "the backoff",
        [Base, Max],
        view => new BackoffPolicy(view.Get(Base), view.Get(Max)),
        (builder, backoff) => builder.Set(Base, backoff.Base).Set(Max, backoff.Max));
}

/// <summary><c>retry</c> of a policy.</summary>
internal static class RetryKeys
{
    private static readonly RetryPolicy Defaults = ConfigurationDefaults.Retry;

    /// <summary>How often.</summary>
    public static readonly ConfigurationKey<int> MaxRetries = new(
        "maxRetries", new IntegerShape(0, 10), Defaults.MaxRetries, "Attempts beyond the first.");

    /// <summary>When.</summary>
    public static readonly ConfigurationKey<ImmutableArray<RetryTrigger>> RetryOn = new(
        "retryOn",
        new ListShape<RetryTrigger>(new RetryTriggerShape(), minItems: 1, EqualityComparer<RetryTrigger>.Default),
        RetryTrigger.List(Defaults.RetryOn, Defaults.Statuses),
        "Outcomes that are repeated. Status words and numbers match only what the upstream sent; our own failures match only their named words; naming a gRPC status opts gRPC calls in.");

    /// <summary>What.</summary>
    public static readonly ConfigurationKey<RetryMethods> Methods = new(
        "methods", new RetryMethodsShape(), Defaults.Methods, "Requests that may be repeated once sent: safe (GET HEAD OPTIONS TRACE), idempotent (and PUT DELETE), all, or a list. An Idempotency-Key makes any request repeatable.");

    /// <summary>Waits.</summary>
    public static readonly ConfigurationKey<BackoffPolicy> Backoff = new(
        "backoff", BackoffKeys.Shape, Defaults.Backoff, "The wait between attempts.");

    /// <summary>The upstream's wish.</summary>
    public static readonly ConfigurationKey<TimeSpan> RetryAfterMax = new(
        "retryAfterMax", Shapes.DurationOrZero, Defaults.RetryAfterMax, "A Retry-After up to this delays the retry; a longer one forbids it.");

    /// <summary>Bodies.</summary>
    public static readonly ConfigurationKey<long> ReplayBytes = new(
        "replayBytes", Shapes.Size(0, 1L << 30), Defaults.ReplayBytes, "Largest request body that is kept for a repetition.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<RetryPolicy> Shape = new(
        "a retry policy",
        [MaxRetries, RetryOn, Methods, Backoff, RetryAfterMax, ReplayBytes],
        view => new RetryPolicy(
            view.Get(MaxRetries),
            RetryTrigger.Conditions(view.Get(RetryOn)),
            RetryTrigger.Statuses(view.Get(RetryOn)),
            view.Get(Methods),
            view.Get(Backoff),
            view.Get(RetryAfterMax),
            (int)view.Get(ReplayBytes)),
        (builder, retry) => builder
            .Set(MaxRetries, retry.MaxRetries)
            .Set(RetryOn, RetryTrigger.List(retry.RetryOn, retry.Statuses))
            .Set(Methods, retry.Methods)
            .Set(Backoff, retry.Backoff)
            .Set(RetryAfterMax, retry.RetryAfterMax)
            .Set(ReplayBytes, retry.ReplayBytes));
}
