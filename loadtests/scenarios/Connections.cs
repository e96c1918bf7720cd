using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>More and more connections, 1, 10, 100, 1 000, 10 000, each with a request in flight: the rate must stay and nothing may fail.</summary>
public static class Connections
{
    /// <summary>Wants <c>sidecar</c>, and as many file descriptors on both sides (<c>ulimit -n</c>).</summary>
    public static bool Run(SuiteRun run)
    {
        var isMet = true;
        for (var count = 1; count <= run.Setting("most", 10_000); count *= 10)
        {
            using var client = new LoadClient(run.Target("sidecar"), new RequestShape(), connections: count);
            var copies = count;
            var scenario = Scenario.Create($"{count} connections", async _ => await client.SendAsync())
                .WithoutWarmUp()
                .WithLoadSimulations(
                    Simulation.RampingConstant(copies, during: TimeSpan.FromSeconds(Math.Max(1, count / 2000))),
                    Simulation.KeepConstant(copies, during: run.Seconds(5)))
                .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0));
            isMet &= run.RunScenarios($"connections-{count}", scenario);
        }

        return isMet;
    }
}
