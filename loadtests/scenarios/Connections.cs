using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>The same rate over more and more open connections: 1, 10, 100, 1 000, 10 000. What grows is what a connection costs that mostly waits.</summary>
public static class Connections
{
    /// <summary>Wants <c>sidecar</c>, and as many file descriptors on both sides (<c>ulimit -n</c>).</summary>
    public static bool Run(SuiteRun run)
    {
        var isMet = true;
        var rate = run.Setting("rate", 1000);
        for (var count = 1; count <= run.Setting("most", 10_000); count *= 10)
        {
            using var client = new LoadClient(run.Target("sidecar"), new RequestShape(), connections: count, isSpread: true);
            var wanted = count;
            var scenario = Scenario.Create($"{count} connections", async _ => await client.SendAsync())
                .WithWarmUpDuration(TimeSpan.FromSeconds(1 + (count / rate))) // each request of it opens one
                .WithLoadSimulations(Simulation.Inject(rate, interval: TimeSpan.FromSeconds(1), during: run.Seconds(5)))
                .WithThresholds(
                    Threshold.Create(stats => stats.Fail.Request.Count == 0),
                    Threshold.Create(_ => client.Connections == wanted));
            isMet &= run.RunScenarios($"connections-{count}", scenario);
        }

        return isMet;
    }
}
