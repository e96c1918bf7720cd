using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Reports;

namespace Sidecar.LoadTests;

/// <summary>A service with little traffic: a gap before each request, in which caches cool and the CPU falls asleep.</summary>
public static class Cold
{
    /// <summary>Wants <c>direct</c>, <c>sidecar</c> and <c>haproxy</c>, which is the measure.</summary>
    public static bool Run(SuiteRun run)
    {
        Target[] targets = [run.Target("direct"), run.Target("sidecar"), run.Target("haproxy"), .. run.Given("nginx")];
        using var reactor = new EpollReactor(TimeSpan.FromMicroseconds(20));
        var gap = (TimeSpan.FromMicroseconds(500), TimeSpan.FromMilliseconds(5));
        var comparison = Interleaved.Run(reactor, targets, new RequestShape(), run.Setting("turns", 3000), gap, new Random(run.Seed));
        var ratio = comparison.AddedRatio(1, 2, 0, 50);
        return Comparing.Report(run, new Report(
            "cold", [new("gap", "0.5–5 ms before each request, log-uniform")],
            [new Check("added p50 over HAProxy's", "≤ 2.4 ×", $"{ratio.Value:0.00} ({ratio.Low:0.00}–{ratio.High:0.00}) ×", ratio.High <= 2.4)],
            [.. Reporting.Latencies(comparison, 0), Reporting.AddedRatios(comparison, 0, 2)],
            [Reporting.Percentile(comparison.Targets.Select((name, i) => (name, comparison.Pooled(i))))]));
    }
}
