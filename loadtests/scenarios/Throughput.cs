using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>As much as goes through 16 connections, then a steady rate.</summary>
public static class Throughput
{
    /// <summary>Wants <c>sidecar</c>.</summary>
    public static bool Run(SuiteRun run)
    {
        using var client = new LoadClient(run.Target("sidecar"), new RequestShape(), connections: 256);
        var busy = Scenario.Create("busy", async _ => await client.SendAsync())
            .WithWarmUpDuration(TimeSpan.FromSeconds(2))
            .WithLoadSimulations(Simulation.KeepConstant(copies: 16, during: run.Seconds(10)))
            .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0));
        var steady = Scenario.Create("steady", async _ => await client.SendAsync())
            .WithWarmUpDuration(TimeSpan.FromSeconds(1))
            .WithLoadSimulations(
                Simulation.RampingInject(rate: run.Setting("rate", 2000), interval: TimeSpan.FromSeconds(1), during: run.Seconds(10) / 2),
                Simulation.Inject(rate: run.Setting("rate", 2000), interval: TimeSpan.FromSeconds(1), during: run.Seconds(10)))
            .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0));
        return run.RunScenarios("throughput-busy", busy) & run.RunScenarios("throughput-steady", steady);
    }
}
