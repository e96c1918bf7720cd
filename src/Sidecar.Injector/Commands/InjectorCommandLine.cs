using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Sidecar.Contract;
using Sidecar.Injector.Checks;

namespace Sidecar.Injector.Commands;

/// <summary>The command line of <c>sidecar-injector</c>: commands, and bad usage as exit 64.</summary>
public static class InjectorCommandLine
{
    // No "@file" arguments, and "-abc" is not three options.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, CommandEnvironment environment, CancellationToken cancellationToken = default)
    {
        var parsed = Create(environment).Parse(arguments, Parsing);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors)
            {
                await environment.Error.WriteLineAsync(error.Message);
            }

            var command = parsed.CommandResult.Command;
            await environment.Error.WriteLineAsync($"Try: {(command is RootCommand ? "sidecar-injector" : $"sidecar-injector {command.Name}")} --help");
            return ExitCodes.Usage;
        }

        // Signals are the commands' own. An unexpected exception is a defect: its stack belongs into the report.
        var invocation = new InvocationConfiguration
        {
            Output = environment.Output,
            Error = environment.Error,
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await environment.Error.WriteLineAsync($"sidecar-injector failed unexpectedly: {e}");
            return ExitCodes.Failed;
        }
    }

    private static ExampleCommand Check(CommandEnvironment environment)
    {
        var command = new ExampleCommand("check", CheckCommand.Description, CheckCommand.Examples);
        CheckCommand.Configure(command, environment.Output, environment.Error, environment.Variable, environment.Time);
        return command;
    }

    private static RootCommand Create(CommandEnvironment environment)
    {
        var root = new RootCommand("Adds the sidecar to pods: as the webhook of a cluster, or to manifests.")
        {
            ServeCommand.Create(environment),
            InjectCommand.Create(environment),
            UninjectCommand.Create(environment),
            ExplainCommand.Create(environment),
            Check(environment),
            VersionCommand.Create(environment),
        };
        root.Options.OfType<VersionOption>().Single().Action = VersionCommand.OptionAction(environment);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExamplesHelpAction((HelpAction)help.Action!);
        return root;
    }
}
