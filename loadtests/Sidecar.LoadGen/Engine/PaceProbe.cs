using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Recording;

namespace Sidecar.LoadGen.Engine;

/// <summary>Takes the machine's pace in the time in which a generator waits for the next start: microseconds of arithmetic in registers, so
/// that neither a cache nor a neighbour's memory traffic is in it.</summary>
public sealed class PaceProbe(IReactor reactor, MachinePace pace)
{
    /// <summary>A start that has so much time before it is not delayed by a probe at full pace.</summary>
    public const long Room = 10_000;

    // Often enough to find both ends of what lasts five milliseconds.
    private const long Gap = 250_000;

    // About two microseconds, at five cycles each: longer than what reading the clock takes, by far.
    private const int Steps = 1000;

    private long _next;
    private ulong _state = 1;

    /// <summary>Is it time for one, at the latest then?</summary>
    public bool IsDueBy(long time) => time >= _next;

    /// <summary>Probes.</summary>
    public void Take()
    {
        var began = reactor.Now;
        // Each step needs the one before it: no compiler and no CPU shortens this.
        var state = _state;
        for (var i = 0; i < Steps; i++)
        {
            state = (state * 6364136223846793005) + 1;
        }

        _state = state;
        var ended = reactor.Now;
        pace.Record(began, ended);
        _next = ended + Gap;
    }
}
