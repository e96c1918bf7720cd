using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Policies.Retry;

/// <summary>
/// Keeps retries a small share of the requests: retries ≤ ratio × requests in the window + minPerSecond × window.
/// Shared by all routes of a cluster; the idea is Finagle's and tower's.
/// <para>
/// Exact in the safe direction: the window of requests never reaches further back than it says, the window of retries
/// never less, so that at no withdrawal the bound is exceeded in any view of the last <c>window</c>. One small lock: a
/// withdrawal must compare two sums and count in one step.
/// </para>
/// </summary>
public sealed class RetryBudget
{
    private const int Buckets = 10;

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly long _origin;
    private readonly SlidingCounter _requests;
    private readonly SlidingCounter _retries;
    private readonly double _floor;

    /// <summary>An unused budget.</summary>
    public RetryBudget(RetryBudgetPolicy policy, TimeProvider clock)
    {
        Policy = policy;
        _clock = clock;
        _origin = clock.GetTimestamp();
        var bucket = policy.Window / Buckets;
        _requests = new SlidingCounter(bucket, Buckets);
        _retries = new SlidingCounter(bucket, Buckets + 1);
        _floor = policy.MinPerSecond * policy.Window.TotalSeconds;
    }

    /// <summary>What it was made from.</summary>
    public RetryBudgetPolicy Policy { get; }

    /// <summary>A request was sent for the first time.</summary>
    public void CountRequest()
    {
        var now = _clock.GetElapsedTime(_origin);
        lock (_lock)
        {
            _requests.Add(now);
        }
    }

    /// <summary>Takes the right to one retry; false when the budget is exhausted.</summary>
    public bool TryWithdraw()
    {
        var now = _clock.GetElapsedTime(_origin);
        lock (_lock)
        {
            if (Available_NeedsLock(now) < 1)
            {
                return false;
            }

            _retries.Add(now);
            return true;
        }
    }

    /// <summary>What is left, and what was used in the window.</summary>
    public (int Available, int Used) Snapshot()
    {
        var now = _clock.GetElapsedTime(_origin);
        lock (_lock)
        {
            return (Math.Max(0, Available_NeedsLock(now)), _retries.Sum(now));
        }
    }

    // The grain of salt keeps 0.2 × 15 from being 2 retries; it is far below one retry.
    private int Available_NeedsLock(TimeSpan now) =>
        (int)Math.Min(int.MaxValue, Math.Floor((Policy.Ratio * _requests.Sum(now)) + _floor + 1e-9) - _retries.Sum(now));
}
