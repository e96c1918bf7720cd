using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>
/// Three times what the upstream can do, open loop. What is carried must stay near the capacity, and when the load goes
/// back to half of it, nearly everything must succeed again.
/// </summary>
public static class Overload
{
    /// <summary>Wants <c>sidecar</c> in front of a backend of known capacity (<c>backend --slots 8 --delay 5ms</c>), and that capacity.</summary>
    public static bool Run(SuiteRun run)
    {
        var capacity = run.Setting("capacity", 1000);
        var second = TimeSpan.FromSeconds(1);
        using var client = new LoadClient(run.Target("sidecar"), new RequestShape(), connections: 2000);
        var during = run.Seconds(10);
        var isMet = run.RunScenarios(
            "overload",
            Scenario.Create("three times the capacity", async _ => await client.SendAsync())
                .WithoutWarmUp()
                .WithMaxFailCount(int.MaxValue)
                .WithLoadSimulations(Simulation.Inject(3 * capacity, second, during))
                .WithThresholds(Threshold.Create(stats => stats.AllOkCount >= 0.9 * capacity * during.TotalSeconds)));
        isMet &= run.RunScenarios(
            "overload-after",
            Scenario.Create("half the capacity, afterwards", async _ => await client.SendAsync())
                .WithWarmUpDuration(TimeSpan.FromSeconds(10)) // PRODUCT: recovered within ten seconds
                .WithMaxFailCount(int.MaxValue)
                .WithLoadSimulations(Simulation.Inject(capacity / 2, second, during))
                .WithThresholds(Threshold.Create(stats => stats.Ok.Request.Percent >= 95)));
        return isMet;
    }
}
