using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Recording;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Engine;

/// <summary>
/// Every lane sends its next request when it has the answer to the last, as wrk does. For capacity and CPU per request;
/// its latencies leave out what a stalled server kept from being sent.
/// </summary>
public sealed class ClosedLoop(IReactor reactor, IReadOnlyList<Lane> lanes, Func<long, RequestImage> imageOf, Tally tally, TimeSpan timeout)
{
    private readonly long _timeout = (long)timeout.TotalNanoseconds;
    private long _begun;
    private long _most = long.MaxValue;
    private bool _isEnding;

    /// <summary>Keeps all lanes busy for a while.</summary>
    public void Run(TimeSpan during) => Run((long)during.TotalNanoseconds, long.MaxValue);

    /// <summary>Keeps all lanes busy until so many requests have ended: for what is counted, not timed.</summary>
    public void Run(long requests) => Run(long.MaxValue, requests);

    private void Run(long during, long requests)
    {
        var began = reactor.Now;
        var end = during == long.MaxValue ? during : began + during;
        _most = requests;
        foreach (var lane in lanes)
        {
            lane.Completed = OnCompleted;
            Next(lane);
        }

        while (reactor.Now < end && tally.Ended < requests)
        {
            reactor.Wait(Math.Min(end, reactor.Now + 100_000_000));
            Abandon(_timeout);
        }

        _isEnding = true;
        tally.Duration += reactor.Now - began;
        // Only what was answered in time counts; the rest was cut by the end of the run, which is no failure.
        foreach (var lane in lanes)
        {
            lane.Completed = null;
            lane.Abandon("end");
        }
    }

    private void OnCompleted(Lane lane, ExchangeResult result)
    {
        var latency = reactor.Now - lane.Begun;
        if (result.Problem is null)
        {
            tally.Succeed(result.Status, latency, latency, result.BodyBytes);
        }
        else
        {
            tally.Fail(result.Problem, result.Status, latency);
        }

        Next(lane);
    }

    private void Next(Lane lane)
    {
        if (!_isEnding && _begun < _most)
        {
            lane.Begin(imageOf(_begun++));
        }
    }

    private void Abandon(long after)
    {
        foreach (var lane in lanes)
        {
            if (lane.IsBusy && reactor.Now - lane.Begun > after)
            {
                lane.Abandon("timeout");
            }
        }
    }
}
