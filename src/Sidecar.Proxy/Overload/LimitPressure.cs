namespace Sidecar.Proxy.Overload;

/// <summary>
/// Whether a limit has been nearly reached for a while: above 90 % for 5 s, which is what <c>/healthz</c> calls degraded.
/// Pure; observed once a second by one thread.
/// </summary>
public sealed class LimitPressure(string name, TimeProvider time)
{
    private const double High = 0.9;
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(5);

    private long? _highSince;
    private volatile string? _reason;

    /// <summary>A sentence while degraded; null otherwise.</summary>
    public string? Reason => _reason;

    /// <summary>Looks at the limit now.</summary>
    public void Observe(int used, int limit)
    {
        if (used <= limit * High)
        {
            _highSince = null;
            _reason = null;
            return;
        }

        _highSince ??= time.GetTimestamp();
        _reason = time.GetElapsedTime(_highSince.Value) >= Lasting ? $"{name}: {used} of {limit}" : null;
    }
}
