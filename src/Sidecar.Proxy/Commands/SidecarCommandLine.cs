using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Sidecar.Contract;
using Sidecar.Proxy.Commands.Demo;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Commands;

/// <summary>The command line of <c>sidecar-proxy</c>: commands, and bad usage as exit 64.</summary>
public static class SidecarCommandLine
{
    // Response files would make "@name" arguments read files, and bundling would read "-abc" as three options:
    // surprises that nothing here needs.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, CommandEnvironment environment, CancellationToken cancellationToken)
    {
        var parsed = Create(environment).Parse(arguments, Parsing);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors)
            {
                environment.Error.WriteLine(error.Message);
            }

            environment.Error.WriteLine($"Try: {Path(parsed.CommandResult.Command)} --help");
            return ExitCodes.Usage;
        }

        var invocation = new InvocationConfiguration
        {
            Output = environment.Output,
            Error = environment.Error,

            // Signals are ours (drain); so is the exit code of an unexpected exception.
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A defect: the stack is what a bug report needs, and 1 is what a supervisor needs.
            FailureLine.Write(environment.Error, environment.Time, LogEvents.InternalError, e.ToString());
            return ExitCodes.Failed;
        }
    }

    private static RootCommand Create(CommandEnvironment environment)
    {
        var root = new RootCommand("A sidecar proxy: carries HTTP and applies timeout, retry and circuit breaker per route.")
        {
            RunCommand.Create(environment),
            ValidateCommand.Create(environment),
            SchemaCommand.Create(environment),
            DemoCommand.Create(environment),
            DrainCommand.Create(environment),
            WaitCommand.Create(environment),
            HealthcheckCommand.Create(environment),
            VersionCommand.Create(environment),
        };
        root.Options.OfType<VersionOption>().Single().Action = VersionCommand.OptionAction(environment);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExamplesHelpAction((HelpAction)help.Action!);
        return root;
    }

    private static string Path(Command command) => command is RootCommand ? "sidecar-proxy" : $"sidecar-proxy {command.Name}";
}
