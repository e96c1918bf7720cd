using NBomber.Contracts;
using NBomber.CSharp;
using Sidecar.LoadGen.Reports;

namespace Sidecar.LoadGen.NBomber;

/// <summary>The report of a facade's run.</summary>
internal static class NodeReport
{
    public static Report Of(
        string title, IReadOnlyList<ScenarioProps> scenarios, IReadOnlyList<ScenarioRun> runs, IReadOnlyList<ScenarioStats> stats, IReadOnlyList<ThresholdResult> thresholds)
    {
        string[] names = [.. scenarios.Select(scenario => scenario.ScenarioName)];
        List<Table> tables =
        [
            new Table(
                "scenarios", ["scenario", "ok", "failed", "ok per second", "MB", "p50 ms", "p75 ms", "p95 ms", "p99 ms", "p99.9 ms", "max ms"],
                [.. stats.Select(one => new Row(one.ScenarioName,
                    [
                        one.AllOkCount, one.AllFailCount, one.Ok.Request.RPS, one.Ok.DataTransfer.AllBytes / 1e6, one.Ok.Latency.Percent50,
                        one.Ok.Latency.Percent75, one.Ok.Latency.Percent95, one.Ok.Latency.Percent99, one.Ok.Latency.Percent999, one.Ok.Latency.MaxMs,
                    ]))]),
        ];
        if (Reporting.Failures(names, [.. runs.Select(run => run.Tally)]) is { } failures)
        {
            tables.Add(failures);
        }

        var facts = scenarios.Select((scenario, i) => new KeyValuePair<string, string>(
            scenario.ScenarioName, string.Join(", then ", scenario.Simulations.Select(Text)) + (runs[i].StoppedBecause is { } why ? $"; stopped: {why}" : "")));
        return new Report(
            title, [.. facts],
            [.. thresholds.Select(one => new Check($"{one.ScenarioName}: {one.Expression}", "true", one.IsFailed ? "false" : "true", !one.IsFailed))],
            tables, [Reporting.Percentile(names.Zip(runs, (name, run) => (name, run.Tally.Latency)))]);
    }

    private static string Text(LoadSimulation simulation) => simulation.Kind switch
    {
        SimulationKind.Inject => $"{simulation.Amount} per {simulation.Interval.TotalSeconds} s for {simulation.During.TotalSeconds} s",
        SimulationKind.RampingInject => $"ramp to {simulation.Amount} per {simulation.Interval.TotalSeconds} s in {simulation.During.TotalSeconds} s",
        SimulationKind.InjectRandom => $"{simulation.Amount} to {simulation.MostAmount} per {simulation.Interval.TotalSeconds} s for {simulation.During.TotalSeconds} s",
        SimulationKind.KeepConstant => $"{simulation.Amount} copies for {simulation.During.TotalSeconds} s",
        SimulationKind.RampingConstant => $"ramp to {simulation.Amount} copies in {simulation.During.TotalSeconds} s",
        _ => $"pause of {simulation.During.TotalSeconds} s",
    };
}
