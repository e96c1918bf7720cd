using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Sidecar.Proxy.Commands;

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
    private static readonly string[] RootExamples =
    [
        "sidecar-proxy demo",
        "sidecar-proxy run --listen 127.0.0.1:8080 --upstream http://127.0.0.1:9000 --set retry.maxRetries=2",
        "sidecar-proxy validate --config sidecar.yaml --print-effective",
    ];

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        var examples = command is ExampleCommand { Examples: var own } ? own : RootExamples;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in examples)
        {
            output.WriteLine($"  {example}");
        }

        output.WriteLine();
        output.WriteLine("Exit codes: 0 done, 1 failed at run time, 64 bad usage or configuration.");
        return code;
    }
}
