namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>The last calls of a breaker, counted at their completion. Guarded by the breaker's lock.</summary>
/// <param name="length">How far it reaches back, in steps of a tenth.</param>
internal sealed class CallWindow(TimeSpan length)
{
    private const int Buckets = 10;

    private readonly SlidingCounter _requests = new(length / Buckets, Buckets);
    private readonly SlidingCounter _failures = new(length / Buckets, Buckets);
    private readonly SlidingCounter _slowCalls = new(length / Buckets, Buckets);

    /// <summary>Failures in a row, however long ago the row began.</summary>
    public int Consecutive { get; private set; }

    /// <summary>Counts one call.</summary>
    public void Add(bool isFailure, bool isSlow, TimeSpan now)
    {
        _requests.Add(now);
        if (isFailure)
        {
            _failures.Add(now);
        }

        if (isSlow)
        {
            _slowCalls.Add(now);
        }

        Consecutive = isFailure ? Consecutive + 1 : 0;
    }

    /// <summary>Calls, failures and slow calls that are still inside.</summary>
    public (int Requests, int Failures, int SlowCalls) Sums(TimeSpan now) => (_requests.Sum(now), _failures.Sum(now), _slowCalls.Sum(now));

    /// <summary>Starts again.</summary>
    public void Clear()
    {
        _requests.Clear();
        _failures.Clear();
        _slowCalls.Clear();
        Consecutive = 0;
    }
}
