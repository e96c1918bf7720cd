using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Reports;

namespace Sidecar.LoadTests;

/// <summary>
/// What each policy, and each part of telemetry, adds to the latency: targets that differ in one thing, in turn. Policies are routes of
/// one and the same process. What they cost in CPU and bytes is measured by <c>make bench</c>.
/// </summary>
public static class Policies
{
    /// <summary>Wants <c>none</c>; every other target differs from it in one thing.</summary>
    public static bool Run(SuiteRun run)
    {
        Target[] targets = [run.Target("none"), .. run.Targets.Values.Where(target => target.Name != "none").OrderBy(target => target.Name, StringComparer.Ordinal)];
        using var reactor = new EpollReactor(TimeSpan.FromMicroseconds(20));
        var comparison = Interleaved.Run(reactor, targets, new RequestShape(), run.Setting("turns", 5000), default, new Random(run.Seed));
        return Comparing.Report(run, new Report(
            run.Name, [new("baseline", $"{targets[0].Address}")], [], [.. Reporting.Latencies(comparison, 0)],
            [Reporting.Percentile(comparison.Targets.Select((name, i) => (name, comparison.Pooled(i))))]));
    }
}
