using NBomber.Contracts;
using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>
/// Requests at a steady rate, WebSockets and streams that stay open, while the configuration is written again and again: not one
/// request or message may fail, and no WebSocket or stream may have to be opened twice.
/// </summary>
public static class ReloadUnderLoad
{
    /// <summary>
    /// Wants <c>sidecar</c>; <c>websocket</c> and <c>grpc</c> if these are to be open. <c>--set config=FILE</c> names the file that the
    /// sidecar runs with, whose text comes back at the end; without it somebody else does the reloads.
    /// </summary>
    public static bool Run(SuiteRun run)
    {
        var second = TimeSpan.FromSeconds(1);
        var during = run.Seconds(20);
        var open = run.Setting("open", 100);
        using var client = new LoadClient(run.Target("sidecar"), new RequestShape(), connections: 64);
        List<ScenarioProps> scenarios =
        [
            Scenario.Create("requests", async _ => await client.SendAsync())
                .WithoutWarmUp()
                .WithLoadSimulations(Simulation.Inject(rate: run.Setting("rate", 1000), interval: second, during))
                .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0)),
        ];
        List<LoadClient> opened = [];
        foreach (var target in run.Given("websocket", "grpc"))
        {
            var protocol = target.Name == "grpc" ? TargetProtocol.GrpcStream : TargetProtocol.WebSocket;
            var messages = new LoadClient(target, new RequestShape(protocol, BodyBytes: 64), connections: open, isSpread: true);
            opened.Add(messages);
            scenarios.Add(Scenario.Create(target.Name, async _ => await messages.SendAsync())
                .WithoutWarmUp()
                .WithLoadSimulations(Simulation.Inject(rate: 2 * open, interval: second, during)) // each twice a second
                .WithThresholds(
                    Threshold.Create(stats => stats.Fail.Request.Count == 0),
                    Threshold.Create(_ => messages.Openings == open)));
        }

        if (!run.Settings.TryGetValue("config", out var path))
        {
            var areMet = run.RunScenarios([.. scenarios]);
            opened.ForEach(messages => messages.Dispose());
            return areMet;
        }

        var text = File.ReadAllText(path);
        var written = 0;
        scenarios.Add(Scenario.Create("reloads", _ =>
            {
                // A route more, or one less: every other one is a change that the proxy must act on.
                Replace(path, written++ % 2 == 0 ? WithOneMore(text) : text);
                return Task.FromResult(Response.Ok());
            })
            .WithoutWarmUp()
            .WithLoadSimulations(Simulation.Inject(rate: run.Setting("reloads", 5), interval: second, during)));
        try
        {
            return run.RunScenarios([.. scenarios]);
        }
        finally
        {
            Replace(path, text);
            opened.ForEach(messages => messages.Dispose());
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
