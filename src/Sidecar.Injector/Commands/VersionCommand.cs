using System.CommandLine;
using System.CommandLine.Invocation;
using Sidecar.Contract;

namespace Sidecar.Injector.Commands;

/// <summary><c>version</c>, and <c>--version</c>.</summary>
internal static class VersionCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var command = new ExampleCommand("version", "Print version, commit, framework, runtime and platform.", ["sidecar-injector version"]);
        command.SetAction(_ => Print(environment));
        return command;
    }

    /// <summary><c>--version</c> does the same.</summary>
    public static CommandLineAction OptionAction(CommandEnvironment environment) => new PrintVersion(environment);

    private static int Print(CommandEnvironment environment)
    {
        foreach (var (name, value) in Versions.Facts)
        {
            environment.Output.WriteLine($"{name,-10} {value}");
        }

        return ExitCodes.Ok;
    }

    private sealed class PrintVersion(CommandEnvironment environment) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult) => Print(environment);
    }
}
