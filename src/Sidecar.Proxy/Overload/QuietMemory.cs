using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Overload;

/// <summary>
/// Gives memory back once when traffic has stopped for a while, the start included: a sidecar is quiet most of its life, and
/// the collector by itself keeps what the last burst, or the start, needed. Once per quiet period; idle upstream connections
/// that are closed in it make it begin anew. Observed once a second by one thread.
/// </summary>
/// <param name="counters">What is in flight and what was done.</param>
/// <param name="upstreamClosed">Connections to upstreams that ended since the start.</param>
/// <param name="time">Clock.</param>
/// <param name="giveBack">Collects garbage and returns memory to the system; takes some tens of milliseconds.</param>
public sealed class QuietMemory(TrafficCounters counters, Func<long> upstreamClosed, TimeProvider time, Action giveBack)
{
    // Long against the gaps of steady traffic, short against the minute after which memory is looked at.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    private long _seen = -1;
    private long _since;
    private bool _isDone;

    /// <summary>Looks at the traffic now.</summary>
    public void Observe()
    {
        var seen = counters.Requests + counters.ConnectionsClosed + upstreamClosed();
        if (seen != _seen || counters.InFlight > 0)
        {
            _seen = seen;
            _since = time.GetTimestamp();
            _isDone = false;
        }
        else if (!_isDone && time.GetElapsedTime(_since) >= Quiet)
        {
            _isDone = true;
            giveBack();
        }
    }
}
