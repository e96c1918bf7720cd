using System.CommandLine;
using Sidecar.Contract;

namespace Sidecar.Proxy.Commands;

/// <summary><c>schema</c>: the document's JSON Schema, for editors.</summary>
public static class SchemaCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var command = new ExampleCommand("schema", "Print the JSON Schema of the configuration document.",
        [
            "sidecar-proxy schema > sidecar.schema.json",
        ]);
        command.SetAction(_ =>
        {
            environment.Output.WriteLine(environment.Schema().TrimEnd());
            return ExitCodes.Ok;
        });
        return command;
    }
}
