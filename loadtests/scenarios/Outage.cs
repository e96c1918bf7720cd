using System.Diagnostics;
using System.Globalization;
using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Reports;

namespace Sidecar.LoadTests;

/// <summary>
/// A steady load, open loop, that goes on whatever happens to the upstream; somebody else makes it fail and come back. The report says
/// for every second of intended starts how many requests were answered well, and within a second.
/// </summary>
public static class Outage
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>Wants <c>sidecar</c>.</summary>
    public static bool Run(SuiteRun run)
    {
        var during = run.Seconds(40);
        var (good, all) = (new double[(int)during.TotalSeconds + 1], new double[(int)during.TotalSeconds + 1]);
        using var client = new LoadClient(run.Target("sidecar"), new RequestShape(), connections: run.Setting("connections", 4000));
        var clock = new Stopwatch();
        var began = DateTimeOffset.UtcNow;
        run.RunScenarios(
            Scenario.Create("requests", async _ =>
                {
                    if (!clock.IsRunning)
                    {
                        clock.Start();
                        began = DateTimeOffset.UtcNow;
                    }

                    var start = clock.Elapsed;
                    var second = Math.Min((int)start.TotalSeconds, good.Length - 1);
                    all[second]++;
                    var response = await client.SendAsync();
                    good[second] += !response.IsError && clock.Elapsed - start <= Soon ? 1 : 0;
                    return response;
                })
                .WithoutWarmUp()
                .WithMaxFailCount(int.MaxValue)
                .WithLoadSimulations(Simulation.Inject(rate: run.Setting("rate", 500), interval: Soon, during)));
        return Comparing.Report(run with { Name = run.Name + "-by-second" }, new Report(
            "Goodput by second", [new("began", (began.ToUnixTimeMilliseconds() / 1000.0).ToString("0.000", CultureInfo.InvariantCulture)), new("good", $"200 within {Soon.TotalSeconds} s")],
            [], [new Table("by second", ["second", "started", "good"], [.. all.Select((count, i) => new Row($"{i}", [count, good[i]]))])], []));
    }
}
