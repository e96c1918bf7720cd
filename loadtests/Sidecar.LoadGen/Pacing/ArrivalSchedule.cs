namespace Sidecar.LoadGen.Pacing;

/// <summary>
/// The intended start of every request, fixed before the first is sent: whatever the server or the generator does, it
/// does not move. With a random source the gaps are those of a Poisson process, else they are even.
/// </summary>
public sealed class ArrivalSchedule
{
    private readonly LoadPhase[] _phases;
    private readonly Random? _random;
    private int _phase;
    private long _phaseStart;
    private double _startsBefore; // of the phases before the current one
    private double _next;         // position of the next start on the axis of all starts

    /// <summary>Starts at time 0.</summary>
    public ArrivalSchedule(IEnumerable<LoadPhase> phases, Random? random = null)
    {
        _phases = [.. phases];
        _random = random;
        // Half a gap into the first phase: n starts lie inside their time, none on its edges.
        _next = random is null ? 0.5 : Gap();
    }

    /// <summary>From the first moment to the last, nanoseconds.</summary>
    public long Duration => _phases.Sum(phase => phase.Duration);

    /// <summary>Takes the next intended start.</summary>
    /// <param name="at">Nanoseconds since the beginning.</param>
    /// <returns>False: there are no more.</returns>
    public bool TryNext(out long at)
    {
        while (_phase < _phases.Length)
        {
            var phase = _phases[_phase];
            var inPhase = _next - _startsBefore;
            if (inPhase < phase.Starts)
            {
                at = _phaseStart + TimeOf(phase, inPhase);
                _next += Gap();
                return true;
            }

            _startsBefore += phase.Starts;
            _phaseStart += phase.Duration;
            _phase++;
        }

        at = 0;
        return false;
    }

    private double Gap() => _random is null ? 1 : -Math.Log(1 - _random.NextDouble());

    // The n-th start is where the area under the rate is n: From × t + (To − From) × t² / 2T = n, solved for t in the
    // form that does not lose digits when the rate hardly changes.
    private static long TimeOf(in LoadPhase phase, double starts)
    {
        var seconds = phase.Duration / 1e9;
        var slope = (phase.To - phase.From) / seconds;
        var root = Math.Sqrt(Math.Max(0, (phase.From * phase.From) + (2 * slope * starts)));
        return Math.Min(phase.Duration, (long)(2 * starts / (phase.From + root) * 1e9));
    }
}
