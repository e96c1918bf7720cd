using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Pacing;
using Sidecar.LoadGen.Recording;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Engine;

/// <summary>
/// Starts requests at the times a schedule says and never waits for an answer before it does. A request for which no
/// lane is free waits, and its clock runs: the latency is counted from the intended start. That is what a caller
/// sees, and what a closed loop leaves out (coordinated omission).
/// </summary>
/// <param name="reactor">This thread's.</param>
/// <param name="lanes">All of them are used, in turn.</param>
/// <param name="imageOf">The request to send, by its number.</param>
/// <param name="tally">Where it is counted.</param>
/// <param name="timeout">For an answer.</param>
/// <param name="pace">Is asked before each start; null: nobody is.</param>
public sealed class OpenLoop(IReactor reactor, IReadOnlyList<Lane> lanes, Func<long, RequestImage> imageOf, Tally tally, TimeSpan timeout, PaceProbe? pace = null)
{
    private readonly long _timeout = (long)timeout.TotalNanoseconds;
    // In turn, so that every connection carries its share: on one that is always the last used, the others' caches and
    // keep-alives would not be measured.
    private readonly Queue<Lane> _idle = new();
    private readonly Queue<long> _waiting = new();
    private long _begun;
    private int _busy;
    private long _nextCheck;

    /// <summary>Runs a schedule to its end and waits for the last answers, at most the timeout.</summary>
    public void Run(ArrivalSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        foreach (var lane in lanes)
        {
            lane.Completed = OnCompleted;
            _idle.Enqueue(lane);
        }

        var began = reactor.Now;
        _nextCheck = began;
        while (schedule.TryNext(out var at))
        {
            var due = began + at;
            if (pace?.IsDueBy(due) == true)
            {
                WaitUntil(due - PaceProbe.Room);
                pace.Take();
            }

            WaitUntil(due);
            tally.Lateness.Record(reactor.Now - due);
            Start(due);
        }

        var end = began + schedule.Duration;
        var limit = end + _timeout;
        while ((_busy > 0 || _waiting.Count > 0 || reactor.Now < end) && reactor.Now < limit)
        {
            reactor.Wait(Math.Min(limit, reactor.Now < end ? end : reactor.Now + 50_000_000));
            CheckTimeouts();
        }

        // The rate is that of the schedule's time; what is still missing is a failure, not a gap.
        tally.Duration += schedule.Duration;
        while (_waiting.TryDequeue(out var intended))
        {
            tally.Fail("never started", 0, reactor.Now - intended);
        }

        foreach (var lane in lanes)
        {
            lane.Abandon("timeout");
            lane.Completed = null;
        }
    }

    private void WaitUntil(long due)
    {
        while (reactor.Now < due)
        {
            reactor.Wait(due);
            CheckTimeouts();
        }
    }

    private void Start(long intended)
    {
        if (_idle.TryDequeue(out var lane))
        {
            Begin(lane, intended);
        }
        else
        {
            _waiting.Enqueue(intended);
        }
    }

    private void Begin(Lane lane, long intended)
    {
        lane.Intended = intended;
        _busy++;
        lane.Begin(imageOf(_begun++));
    }

    private void OnCompleted(Lane lane, ExchangeResult result)
    {
        var now = reactor.Now;
        _busy--;
        if (result.Problem is null)
        {
            tally.Succeed(result.Status, now - lane.Intended, now - lane.Begun, result.BodyBytes);
            tally.Starts?.Add((lane.Intended, now - lane.Intended));
        }
        else
        {
            tally.Fail(result.Problem, result.Status, now - lane.Intended);
        }

        if (_waiting.TryDequeue(out var intended))
        {
            Begin(lane, intended);
        }
        else
        {
            _idle.Enqueue(lane);
        }
    }

    // Ten times a second: a timeout is a limit for the run, not a measure.
    private void CheckTimeouts()
    {
        var now = reactor.Now;
        if (now < _nextCheck)
        {
            return;
        }

        _nextCheck = now + 100_000_000;
        foreach (var lane in lanes)
        {
            if (lane.IsBusy && now - lane.Begun > _timeout)
            {
                lane.Abandon("timeout");
            }
        }
    }
}
