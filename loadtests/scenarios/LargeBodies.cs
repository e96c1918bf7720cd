using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>Bodies of 10 MB in both directions at once, with small requests beside them that must not wait for them.</summary>
public static class LargeBodies
{
    private const int Size = 10 * 1024 * 1024;

    /// <summary>Wants <c>download</c> (the backend's <c>/bytes/10485760</c>), <c>upload</c> and <c>small</c> through the sidecar.</summary>
    public static bool Run(SuiteRun run)
    {
        using var download = new LoadClient(run.Target("download"), new RequestShape(), connections: 4);
        using var upload = new LoadClient(run.Target("upload"), new RequestShape(BodyBytes: Size), connections: 4);
        using var small = new LoadClient(run.Target("small"), new RequestShape(), connections: 16);
        var during = run.Seconds(10);
        return run.RunScenarios(
            Scenario.Create("download", async _ => await download.SendAsync())
                .WithoutWarmUp()
                .WithLoadSimulations(Simulation.KeepConstant(copies: 2, during))
                .WithThresholds(
                    Threshold.Create(stats => stats.Fail.Request.Count == 0),
                    Threshold.Create(stats => stats.Ok.DataTransfer.AllBytes == stats.AllOkCount * Size)),
            Scenario.Create("upload", async _ => await upload.SendAsync())
                .WithoutWarmUp()
                .WithLoadSimulations(Simulation.KeepConstant(copies: 2, during))
                .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0)),
            Scenario.Create("small", async _ => await small.SendAsync())
                .WithoutWarmUp()
                .WithLoadSimulations(Simulation.Inject(rate: 100, interval: TimeSpan.FromSeconds(1), during))
                .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0)));
    }
}
