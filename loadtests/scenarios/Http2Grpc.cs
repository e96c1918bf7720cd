using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>HTTP/2 without TLS, plain requests and unary calls in the manner of gRPC.</summary>
public static class Http2Grpc
{
    /// <summary>Wants <c>h2c</c> and <c>grpc</c> through the sidecar; each call must end with <c>grpc-status: 0</c>.</summary>
    public static bool Run(SuiteRun run)
    {
        using var plain = new LoadClient(run.Target("h2c"), new RequestShape(TargetProtocol.H2c), connections: 64);
        using var unary = new LoadClient(run.Target("grpc"), new RequestShape(TargetProtocol.Grpc, BodyBytes: 1024), connections: 64);
        var rate = run.Setting("rate", 500);
        return run.RunScenarios(
            Scenario.Create("h2c", async _ => await plain.SendAsync())
                .WithWarmUpDuration(TimeSpan.FromSeconds(1))
                .WithLoadSimulations(Simulation.Inject(rate, interval: TimeSpan.FromSeconds(1), during: run.Seconds(10)))
                .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0)),
            Scenario.Create("grpc", async _ => await unary.SendAsync())
                .WithWarmUpDuration(TimeSpan.FromSeconds(1))
                .WithLoadSimulations(Simulation.Inject(rate, interval: TimeSpan.FromSeconds(1), during: run.Seconds(10)))
                .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0)));
    }
}

/// <summary>Messages over WebSockets that answer each with its echo.</summary>
public static class WebSocketEcho
{
    /// <summary>Wants <c>websocket</c> through the sidecar.</summary>
    public static bool Run(SuiteRun run)
    {
        using var client = new LoadClient(run.Target("websocket"), new RequestShape(TargetProtocol.WebSocket, BodyBytes: 256), connections: 100);
        return run.RunScenarios(
            Scenario.Create("echo", async _ => await client.SendAsync())
                .WithWarmUpDuration(TimeSpan.FromSeconds(1))
                .WithLoadSimulations(Simulation.Inject(rate: run.Setting("rate", 1000), interval: TimeSpan.FromSeconds(1), during: run.Seconds(10)))
                .WithThresholds(
                    Threshold.Create(stats => stats.Fail.Request.Count == 0),
                    Threshold.Create(stats => stats.Ok.DataTransfer.AllBytes == stats.AllOkCount * 256)));
    }
}
