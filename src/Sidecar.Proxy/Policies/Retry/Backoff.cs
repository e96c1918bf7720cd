using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Policies.Retry;

/// <summary>
/// How long to wait before a retry. Pure but for the chance it is given.
/// </summary>
public static class Backoff
{
    // "plus up to 50 % jitter" (PRODUCT §2): clients that were sent away together shall not come back together.
    private const double RetryAfterJitterRatio = 0.5;

    /// <summary>
    /// Full jitter: uniform in [0, min(max, base × 2^(n−1))] (Marc Brooker, "Exponential Backoff And Jitter", AWS
    /// Architecture Blog 2015: of all shapes the one with the least contention).
    /// </summary>
    /// <param name="policy">Base and maximum.</param>
    /// <param name="retry">1 for the first retry.</param>
    /// <param name="random">Chance.</param>
    public static TimeSpan Wait(BackoffPolicy policy, int retry, IRandomSource random) => Ceiling(policy, retry) * random.NextDouble();

    /// <summary>The longest wait before a retry.</summary>
    public static TimeSpan Ceiling(BackoffPolicy policy, int retry)
    {
        var ticks = policy.Base.Ticks * Math.Pow(2, retry - 1);
        return ticks >= policy.Max.Ticks ? policy.Max : TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>What the upstream asked for, stretched by up to a half; never shorter than asked.</summary>
    public static TimeSpan AfterRetryAfter(TimeSpan retryAfter, IRandomSource random) =>
        retryAfter * (1 + (RetryAfterJitterRatio * random.NextDouble()));
}
