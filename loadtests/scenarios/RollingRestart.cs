using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>A steady load over kept connections while somebody else restarts what answers it, one instance after the other: not one request may fail.</summary>
public static class RollingRestart
{
    /// <summary>Wants <c>http1</c> or <c>h2c</c>, or both.</summary>
    public static bool Run(SuiteRun run)
    {
        LoadClient[] clients =
        [
            .. run.Given("http1").Select(target => new LoadClient(target, new RequestShape(Profile: "R"), connections: 64)),
            .. run.Given("h2c").Select(target => new LoadClient(target, new RequestShape(TargetProtocol.H2c), connections: 16)),
        ];
        try
        {
            return run.RunScenarios([.. clients.Zip(run.Given("http1", "h2c"), (client, target) =>
                Scenario.Create(target.Name, async _ => await client.SendAsync())
                    .WithoutWarmUp()
                    .WithLoadSimulations(Simulation.Inject(rate: run.Setting("rate", 500), interval: TimeSpan.FromSeconds(1), during: run.Seconds(60)))
                    .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0)))]);
        }
        finally
        {
            Array.ForEach(clients, client => client.Dispose());
        }
    }
}
