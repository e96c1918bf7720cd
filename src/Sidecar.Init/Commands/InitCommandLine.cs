using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Sidecar.Contract;
using Sidecar.Init.Options;

namespace Sidecar.Init.Commands;

/// <summary>The command line of <c>sidecar-init</c>: commands, and bad usage as exit 64.</summary>
public static class InitCommandLine
{
    // No "@file" arguments, and "-abc" is not three options.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, CommandEnvironment environment)
    {
        var flags = new RedirectFlags();
        var parsed = Create(environment, flags).Parse(arguments, Parsing);
        if (parsed.Action is ParseErrorAction)
        {
            // Values are reported together with what is wrong about the names: one run shows everything.
            var problems = parsed.Errors.Select(static error => error.Message)
                .Concat(parsed.CommandResult.Command.Options.Count > 1 ? flags.Read(parsed, environment).Problems : []);
            return RefuseUsage(parsed.CommandResult.Command, problems, environment);
        }

        // Signals: the commands that must not be interrupted see to it. An unexpected exception is a defect: its stack belongs into the report.
        var invocation = new InvocationConfiguration
        {
            Output = environment.Output,
            Error = environment.Error,
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        try
        {
            return await parsed.InvokeAsync(invocation);
        }
        catch (Exception e)
        {
            await environment.Error.WriteLineAsync($"sidecar-init failed unexpectedly: {e}");
            return ExitCodes.Failed;
        }
    }

    private static RootCommand Create(CommandEnvironment environment, RedirectFlags flags)
    {
        var root = new RootCommand("Redirects a pod's TCP connections to the proxy. Run it in the pod's network namespace, as root with NET_ADMIN.")
        {
            Redirecting(
                "apply",
                "Write the redirect rules, replacing those of an earlier run: all or nothing.",
                ["sidecar-init apply", "sidecar-init apply --skip-outbound-ports 25,3000-3010 --skip-outbound-cidrs 10.96.0.0/12,fd00::/8", "sidecar-init apply --backend iptables --app-uids 1000", "sidecar-init apply --dry-run"],
                flags,
                environment,
                RuleCommands.ApplyAsync,
                RuleCommands.DryRun),
            Redirecting(
                "print",
                "Print the rules and change nothing.",
                ["sidecar-init print", "sidecar-init print --backend iptables"],
                flags,
                environment,
                RuleCommands.PrintAsync),
            Clean(environment),
            Redirecting(
                "check",
                "Prove that a connection is redirected; takes the options that were applied. Ends within 10 s.",
                ["sidecar-init check", "sidecar-init check --include-outbound-cidrs 10.0.0.0/8"],
                flags,
                environment,
                CheckCommand.RunAsync),
        };
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction(environment);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExamplesHelpAction((HelpAction)help.Action!);
        return root;
    }

    private static ExampleCommand Redirecting(
        string name,
        string description,
        string[] examples,
        RedirectFlags flags,
        CommandEnvironment environment,
        Func<RedirectOptions, ParseResult, CommandEnvironment, Task<int>> run,
        params Option[] further)
    {
        var command = new ExampleCommand(name, description, examples);
        flags.AddTo(command);
        foreach (var option in further)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, _) =>
        {
            var (options, problems) = flags.Read(parsed, environment);
            return options is null ? Task.FromResult(RefuseUsage(command, problems, environment)) : run(options, parsed, environment);
        });
        return command;
    }

    private static ExampleCommand Clean(CommandEnvironment environment)
    {
        var command = new ExampleCommand("clean", "Remove what apply made, with either backend, and nothing else; succeeds when there is nothing.", ["sidecar-init clean"]);
        command.SetAction((_, _) => RuleCommands.CleanAsync(environment));
        return command;
    }

    private static int RefuseUsage(Command command, IEnumerable<string> problems, CommandEnvironment environment)
    {
        foreach (var problem in problems)
        {
            environment.Error.WriteLine(problem);
        }

        environment.Error.WriteLine($"Try: {(command is RootCommand ? "sidecar-init" : $"sidecar-init {command.Name}")} --help");
        return ExitCodes.Usage;
    }
}
