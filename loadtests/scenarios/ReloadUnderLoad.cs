using NBomber.Contracts;
using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>Requests at a steady rate while the configuration is written again and again: not one may fail.</summary>
public static class ReloadUnderLoad
{
    /// <summary>Wants <c>sidecar</c> and <c>--set config=FILE</c>, the file it runs with; its text comes back at the end.</summary>
    public static bool Run(SuiteRun run)
    {
        if (!run.Settings.TryGetValue("config", out var path))
        {
            throw new ArgumentException("reload-under-load: --set config=FILE is wanted");
        }

        var text = File.ReadAllText(path);
        var written = 0;
        using var client = new LoadClient(run.Target("sidecar"), new RequestShape(), connections: 64);
        try
        {
            return run.RunScenarios(
                Scenario.Create("requests", async _ => await client.SendAsync())
                    .WithoutWarmUp()
                    .WithLoadSimulations(Simulation.Inject(rate: run.Setting("rate", 1000), interval: TimeSpan.FromSeconds(1), during: run.Seconds(20)))
                    .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0)),
                Scenario.Create("reloads", _ =>
                    {
                        // A route more, or one less: every other one is a change that the proxy must act on.
                        Replace(path, written++ % 2 == 0 ? WithOneMore(text) : text);
                        return Task.FromResult(Response.Ok());
                    })
                    .WithoutWarmUp()
                    .WithLoadSimulations(Simulation.Inject(rate: run.Setting("reloads", 5), interval: TimeSpan.FromSeconds(1), during: run.Seconds(20))));
        }
        finally
        {
            Replace(path, text);
        }
    }

    private static string WithOneMore(string text) => text.Replace(
        "\nroutes:\n", "\nroutes:\n  one-more: { match: { path: \"/one-more\" }, cluster: up }\n", StringComparison.Ordinal);

    private static void Replace(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
