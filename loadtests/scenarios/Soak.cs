using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>A steady rate for long; memory is watched from outside.</summary>
public static class Soak
{
    /// <summary>Wants <c>sidecar</c>.</summary>
    public static bool Run(SuiteRun run)
    {
        using var client = new LoadClient(run.Target("sidecar"), new RequestShape(Profile: "R"), connections: 64);
        return run.RunScenarios(
            Scenario.Create("soak", async _ => await client.SendAsync())
                .WithWarmUpDuration(TimeSpan.FromSeconds(5))
                .WithLoadSimulations(Simulation.Inject(
                    rate: run.Setting("rate", 1000), interval: TimeSpan.FromSeconds(1), during: TimeSpan.FromMinutes(run.Setting("minutes", 60))))
                .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0)));
    }
}
