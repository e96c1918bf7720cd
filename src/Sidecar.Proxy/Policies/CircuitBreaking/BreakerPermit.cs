namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>
/// The right to make one call, given by a breaker; to be settled once. The default value is the right to a call that
/// no breaker watches.
/// </summary>
/// <param name="Breaker">Who gave it; null when nobody watches.</param>
/// <param name="Epoch">Which stay in which state it belongs to: a result that comes after the state changed counts for nothing.</param>
/// <param name="IsProbe">One of the few calls that half-open lets through.</param>
public readonly record struct BreakerPermit(CircuitBreaker? Breaker, long Epoch, bool IsProbe)
{
    /// <summary>Tells the breaker how the call went.</summary>
    /// <param name="result">Never <see cref="CallResult.Undecided"/>.</param>
    /// <param name="duration">From sending to response headers or failure.</param>
    public void Settle(CallResult result, TimeSpan duration) => Breaker?.Settle(this, result, duration);
}
