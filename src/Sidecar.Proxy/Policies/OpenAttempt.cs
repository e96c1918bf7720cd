using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies.CircuitBreaking;

namespace Sidecar.Proxy.Policies;

/// <summary>What an attempt that got response headers leaves open until its response ends. Lives in the exchange, so that it costs no allocation.</summary>
internal struct OpenAttempt
{
    private Destination? _destination;
    private BreakerPermit _permit;
    private TimeSpan _duration;
    private bool _isSettled;
    private bool _isCallersDeadline;

    /// <summary>A response is under way.</summary>
    /// <param name="destination">Whose in-flight count it is part of.</param>
    /// <param name="permit">The breaker's permit.</param>
    /// <param name="duration">Time to headers: a slow reader or a long body makes no slow call.</param>
    /// <param name="isSettled">The headers said it all; for a probe, its end may still revoke it.</param>
    /// <param name="isCallersDeadline">The deadline in force was the caller's own.</param>
    public OpenAttempt(Destination destination, in BreakerPermit permit, TimeSpan duration, bool isSettled, bool isCallersDeadline)
    {
        _destination = destination;
        _permit = permit;
        _duration = duration;
        _isSettled = isSettled;
        _isCallersDeadline = isCallersDeadline;
    }

    /// <summary>The response ended, or was dropped. The second and later calls do nothing.</summary>
    public void Close(in ExchangeCompletion completion)
    {
        if (Interlocked.Exchange(ref _destination, null) is not { } destination)
        {
            return;
        }

        destination.Leave();
        if (_permit.Breaker is not { } breaker)
        {
            return;
        }

        var result = OutcomeClassifier.AtEnd(completion, breaker.Policy.Failures, _isCallersDeadline);
        if (!_isSettled)
        {
            breaker.Settle(_permit, result, _duration);
        }
        else if (_permit.IsProbe && result == CallResult.Failure)
        {
            breaker.RevokeProbe(_permit);
        }
    }
}
