using System.CommandLine;
using Sidecar.Contract;

namespace Sidecar.Proxy.Commands;

/// <summary><c>healthcheck</c>: one question, for container engines without an HTTP probe.</summary>
public static class HealthcheckCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var address = CommandOptions.Address();
        var isReady = new Option<bool>("--ready") { Description = "Ask whether it is ready, not only alive." };
        var command = new ExampleCommand("healthcheck", "Ask a running proxy once whether it is alive; exit 0 or 1.",
        [
            "sidecar-proxy healthcheck",
            "sidecar-proxy healthcheck --ready --address 127.0.0.1:15100",
        ])
        {
            address, isReady,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new AdminClient(parsed.GetRequiredValue(address), environment.Time);
            var answer = await client.GetAsync(parsed.GetValue(isReady) ? "readyz" : "livez", cancellationToken);
            var output = answer.IsSuccess ? environment.Output : environment.Error;
            output.WriteLine(answer.Describe());
            return answer.IsSuccess ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }
}
