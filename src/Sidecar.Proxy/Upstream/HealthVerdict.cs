using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>Counts probes in a row: <c>threshold</c> equal ones against the verdict change it, either way. Pure.</summary>
/// <param name="threshold">Probes in a row, at least 1.</param>
/// <param name="initial">Verdict to start from.</param>
internal sealed class HealthVerdict(int threshold, DestinationHealth initial)
{
    private int _against;
    private bool _lastSucceeded;

    /// <summary>The verdict now.</summary>
    public DestinationHealth Current { get; private set; } = initial;

    /// <summary>A probe ended.</summary>
    /// <returns>The verdict changed.</returns>
    public bool Observe(bool hasSucceeded)
    {
        var pointsTo = hasSucceeded ? DestinationHealth.Healthy : DestinationHealth.Unhealthy;
        _against = pointsTo == Current ? 0 : hasSucceeded == _lastSucceeded ? _against + 1 : 1;
        _lastSucceeded = hasSucceeded;
        if (_against < threshold)
        {
            return false;
        }

        Current = pointsTo;
        _against = 0;
        return true;
    }
}
