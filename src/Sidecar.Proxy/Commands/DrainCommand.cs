using System.CommandLine;
using Sidecar.Contract;

namespace Sidecar.Proxy.Commands;

/// <summary><c>drain</c>: takes a proxy out of service and follows it to the end; the pod's preStop hook.</summary>
public static class DrainCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    // shutdown.grace: by then the proxy has ended the drain by itself.
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var address = CommandOptions.Address();
        var timeout = CommandOptions.Timeout(DefaultTimeout, "Give up following after this with exit 1; the drain goes on.");
        var command = new ExampleCommand("drain", "Drain a running proxy: not ready at once, what came in is finished; the application's own calls go on.",
        [
            "sidecar-proxy drain",
            "sidecar-proxy drain --address 127.0.0.1:15100 --timeout 25s",
        ])
        {
            address, timeout,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(address),
            parsed.GetResult(timeout) is null ? DefaultTimeout : parsed.GetValue(timeout),
            environment,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string address, TimeSpan timeout, CommandEnvironment environment, CancellationToken cancellationToken)
    {
        using var client = new AdminClient(address, environment.Time);
        var started = environment.Time.GetTimestamp();
        var answer = await client.PostAsync("drain", cancellationToken);
        if (!answer.IsSuccess)
        {
            environment.Error.WriteLine($"cannot drain: {answer.Describe()}");
            return ExitCodes.Failed;
        }

        for (var said = -1L; ; answer = await client.GetAsync("stats", cancellationToken))
        {
            var elapsed = environment.Time.GetElapsedTime(started);
            if (answer.State == "drained" || answer.IsRefused)
            {
                // Nothing listens any more: the process has ended.
                environment.Error.WriteLine($"drained after {elapsed.TotalSeconds:0.0} s{(answer.IsRefused ? ": the proxy has ended" : "")}");
                return ExitCodes.Ok;
            }

            // The application's own calls go on until it has ended, and are nothing to wait for here.
            var inFlight = answer.IsSuccess ? answer.Number("inboundInFlight") : said;
            if (inFlight != said)
            {
                environment.Error.WriteLine($"draining: {inFlight} in flight, {answer.Number("inboundConnections")} connections");
                said = inFlight;
            }

            if (elapsed >= timeout)
            {
                environment.Error.WriteLine($"not drained after {DurationArgument.Format(timeout)}: {inFlight} in flight");
                return ExitCodes.Failed;
            }

            await Task.Delay(Interval, environment.Time, cancellationToken);
        }
    }
}
