using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Recording;
using Sidecar.LoadGen.Reports;

namespace Sidecar.LoadTests;

/// <summary>What the sidecar adds to a request: open loop at a steady rate, and one request in flight in turn with its peers.</summary>
public static class LatencyOverhead
{
    /// <summary>Wants <c>direct</c> and <c>sidecar</c>; compares with <c>haproxy</c> and <c>nginx</c> when they are given.</summary>
    public static bool Run(SuiteRun run)
    {
        Target[] targets = [run.Target("direct"), run.Target("sidecar"), .. run.Given("haproxy", "nginx")];
        var plan = new SteadyPlan(run.Setting("rate", 2000), run.Setting("connections", 16), run.Seconds(3), run.Setting("rounds", 5));
        using var reactor = new EpollReactor(TimeSpan.FromMicroseconds(20));
        var (steady, tallies, _, _) = SteadySlices.Run(reactor, targets, new RequestShape(), plan, new Random(run.Seed));
        var turns = Interleaved.Run(reactor, targets, new RequestShape(), run.Setting("turns", 3000), default, new Random(run.Seed));

        var failed = tallies.Sum(tally => tally.Failed);
        return Comparing.Report(run, new Report(
            "latency-overhead",
            [new("steady", $"{plan.Rate} per second over {plan.Connections} connections, open loop"), new("in turn", "one request in flight")],
            [
                Comparing.AtMost("added p50, open loop", steady.Added(1, 0, 50), 0.20),
                Comparing.AtMost("added p99, open loop", steady.Added(1, 0, 99), 0.6),
                new Check("failed requests", "0", $"{failed}", failed == 0),
            ],
            [
                .. Reporting.Latencies(steady, 0).Select(table => table with { Name = $"open loop: {table.Name}" }),
                .. Reporting.Latencies(turns, 0).Select(table => table with { Name = $"in turn: {table.Name}" }),
                Reporting.Counts(steady.Targets, tallies),
            ],
            [Reporting.Percentile(steady.Targets.Select((name, i) => (name, steady.Pooled(i))))]));
    }
}

/// <summary>What the comparing suites share.</summary>
internal static class Comparing
{
    /// <summary>Met when the whole interval is.</summary>
    public static Check AtMost(string what, Interval nanoseconds, double milliseconds) => new(
        what, $"≤ {TextFormats.Number(milliseconds)} ms",
        $"{TextFormats.Number(nanoseconds.Value / 1e6)} ({TextFormats.Number(nanoseconds.Low / 1e6)}–{TextFormats.Number(nanoseconds.High / 1e6)}) ms",
        nanoseconds.High <= milliseconds * 1e6);

    public static bool Report(SuiteRun run, Report report)
    {
        Console.Write(TextFormats.Text(report));
        if (run.Folder is not null)
        {
            Reporting.Write(report, run.Folder, run.Name);
        }

        return report.IsMet;
    }
}
