namespace Sidecar.LoadGen.Recording;

/// <summary>
/// How fast the machine computed, told by one and the same short piece of arithmetic done again and again. Some hosts slow a
/// guest's CPUs down for tens of milliseconds, several times a second, whatever runs on them, and report nothing of it as stolen. Then
/// a request costs ten times as much, and whoever's costs more than another's queues first: a percentile of such a second is that of
/// the host. Pure: probes in, stretches out.
/// </summary>
public sealed class MachinePace(TimeSpan settle)
{
    /// <summary>A probe that took this many times the median is slow. The clock of a CPU varies by a third, not by half.</summary>
    private const double Slow = 2;

    /// <summary>A single slow probe is an interrupt, which may be of what is measured. So many in a row are the machine.</summary>
    private const int InARow = 3;

    /// <summary>What began shortly before a stretch was under way in it. The same for every target, so that it does not matter whose latency was long.</summary>
    private const long Margin = 5_000_000;

    private readonly List<(long Began, long Ended)> _probes = [];
    private List<(long From, long To)>? _stretches;

    /// <summary>For so long after a slow stretch it is not over: what queued in it is worked off.</summary>
    public TimeSpan Settle { get; } = settle;

    /// <summary>How often it was told.</summary>
    public int Probes => _probes.Count;

    /// <summary>One piece of arithmetic, in the order of time, nanoseconds.</summary>
    public void Record(long began, long ended)
    {
        _probes.Add((began, ended));
        _stretches = null;
    }

    /// <summary>From the last probe at full pace before to the first one after, in the order of time.</summary>
    public IReadOnlyList<(long From, long To)> Stretches => _stretches ??= Find();

    /// <summary>The share of the time between the first probe and the last in which the machine was slow, 0–1.</summary>
    public double SlowShare => _probes.Count < 2 ? 0
        : (double)Stretches.Sum(stretch => stretch.To - stretch.From) / (_probes[^1].Ended - _probes[0].Began);

    /// <summary>Was the machine at full pace for a request that was to start then? Told by the start alone, never by how long it took.</summary>
    public bool IsFullAt(long start)
    {
        // The last stretch that began before it, with the margin.
        var (low, high) = (0, Stretches.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Stretches[middle].From - Margin <= start ? (middle + 1, high) : (low, middle);
        }

        return low == 0 || start > Stretches[low - 1].To + (long)Settle.TotalNanoseconds;
    }

    private List<(long From, long To)> Find()
    {
        var found = new List<(long From, long To)>();
        if (_probes.Count == 0)
        {
            return found;
        }

        // Of the whole run: slow stretches are the smaller part of it, or it is void.
        var durations = _probes.Select(probe => probe.Ended - probe.Began).Order().ToArray();
        var limit = durations[durations.Length / 2] * Slow;
        for (var i = 0; i < _probes.Count; i++)
        {
            var first = i;
            while (i < _probes.Count && _probes[i].Ended - _probes[i].Began > limit)
            {
                i++;
            }

            if (i - first >= InARow)
            {
                found.Add((first == 0 ? _probes[0].Began : _probes[first - 1].Ended, i == _probes.Count ? _probes[^1].Ended : _probes[i].Began));
            }
        }

        return found;
    }
}
