using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Sidecar.Injector.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class ExampleCommand : Command
{
    /// <summary>Makes the command.</summary>
    public ExampleCommand(string name, string description, IReadOnlyList<string> examples)
        : base(name, description) => Examples = examples;

    /// <summary>Complete command lines.</summary>
    public IReadOnlyList<string> Examples { get; }
}

/// <summary>The library's help, followed by what helps more.</summary>
internal sealed class ExamplesHelpAction(HelpAction help) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        IEnumerable<string> examples = command is ExampleCommand { Examples: var own }
            ? own
            : command.Subcommands.OfType<ExampleCommand>().Select(static subcommand => subcommand.Examples[0]);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in examples)
        {
            output.WriteLine($"  {example}");
        }

        output.WriteLine();
        output.WriteLine("Exit codes: 0 done, 1 failed at run time, 64 bad usage, settings or manifest.");
        return code;
    }
}
