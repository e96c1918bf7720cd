using System.CommandLine;
using Sidecar.Contract;

namespace Sidecar.Proxy.Commands;

/// <summary><c>wait</c>: returns when the proxy is ready, so that what is started after it finds it working.</summary>
public static class WaitCommand
{
    // The plain-container start gate waits for this command, so a tenth of a second is a pod's start time.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var address = CommandOptions.Address();
        var timeout = CommandOptions.Timeout(DefaultTimeout, "Give up after this with exit 1.");
        var command = new ExampleCommand("wait", "Wait until a proxy is ready.",
        [
            "sidecar-proxy wait --timeout 30s && ./application",
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
        for (var said = ""; ;)
        {
            var answer = await client.GetAsync("readyz", cancellationToken);
            var elapsed = environment.Time.GetElapsedTime(started);
            if (answer.IsSuccess)
            {
                environment.Error.WriteLine($"ready after {elapsed.TotalSeconds:0.0} s");
                return ExitCodes.Ok;
            }

            if (answer.Describe() is var state && state != said)
            {
                environment.Error.WriteLine($"waiting: {state}");
                said = state;
            }

            if (elapsed >= timeout)
            {
                environment.Error.WriteLine($"not ready after {DurationArgument.Format(timeout)}: {state}");
                return ExitCodes.Failed;
            }

            await Task.Delay(Interval, environment.Time, cancellationToken);
        }
    }
}
