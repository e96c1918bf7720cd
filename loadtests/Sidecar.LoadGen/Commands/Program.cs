using Sidecar.LoadGen.Backend;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadGen.Commands;

/// <summary>The command line.</summary>
internal static class Program
{
    private const string Usage = """
        sidecar-loadgen: load with intended start times, and added latency by interleaving

          interleave  --target NAME=URL… [--rounds 3000] [--gap 500us-5ms] [--baseline NAME] [--reference NAME]
                      one request at a time to each target in turn; with --gap the cold path
          steady      --target NAME=URL… --rate 2000 [--connections 16] [--slice 5s] [--rounds 4] [--poisson 1] [--lead 0s] [--settle 100ms]
                      open loop at a steady rate, in interleaved slices; --lead: the same load before each,
                      counted, but its latencies are not; --settle: takes the machine's pace and leaves out what was
                      to start while it computed at less than half of it, or within this time after
          closed      --target NAME=URL [--connections 16] [--during 5s]
                      closed loop, as wrk: capacity
          pace        when its input ends: the stretches in which the machine computed at less than half its pace,
                      from and to in nanoseconds of the monotonic clock
          run         SCENARIO [--target NAME=URL…] [--set NAME=VALUE…] [--out FOLDER]
                      a scenario of loadtests/scenarios; without a name: the list
          backend     [--http PORT] [--h2c PORT] [--delay 5ms] [--slots N]
                      an upstream: sizes, echo, WebSocket echo, unary calls and streams
          hostile     --account PORT [--http PORT] [--h2c PORT] --requests N [--lives 20]
                      an upstream that resets every connection at a random byte, within --lives exchanges,
                      and accounts for numbered requests: GET /account

        Of every measuring command: --protocol http1|websocket|h2c|grpc  --profile plain|R  --body BYTES
        --status 200  --seed 1  --spin 20us  --json FILE  --out FOLDER (all formats)  --name NAME
        Exit codes: 0 measured and met, 1 a threshold was missed, 2 no result, 64 usage.
        """;

    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            var given = new Arguments(arguments.Skip(1));
            return arguments.FirstOrDefault() switch
            {
                "interleave" => Measure.Interleave(given),
                "steady" => Measure.Steady(given),
                "closed" => Measure.Closed(given),
                "pace" => Pace.Run(given),
                "run" => RunScenario.Run(given),
                "backend" => await BackendServer.RunAsync(given),
                "hostile" => await HostileServer.RunAsync(given),
                _ => throw new ArgumentException(Usage),
            };
        }
        catch (ArgumentException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 64;
        }
        catch (Exception exception) when (exception is RunFailedException or IOException)
        {
            await Console.Error.WriteLineAsync($"no result: {exception.Message}");
            return 2;
        }
    }
}
