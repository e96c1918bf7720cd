using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text;
using System.Text.Json;
using Sidecar.Contract;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Commands;

/// <summary><c>version</c>: what this program is.</summary>
public static class VersionCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var isJson = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new ExampleCommand("version", "Print version, commit, framework, runtime and platform.",
        [
            "sidecar-proxy version --json",
        ])
        {
            isJson,
        };
        command.SetAction(parsed =>
        {
            environment.Output.WriteLine(parsed.GetValue(isJson) ? Json(VersionFacts.Current) : Text(VersionFacts.Current));
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary><c>--version</c> does the same as the command.</summary>
    public static CommandLineAction OptionAction(CommandEnvironment environment) => new PrintVersion(environment);

    /// <summary>For people.</summary>
    public static string Text(VersionFacts facts)
    {
        var text = new StringBuilder($"sidecar-proxy {facts.Product}\n");
        text.Append($"commit     {facts.Commit ?? "unknown"}\n");
        text.Append($"framework  {facts.Framework}, {(facts.IsNative ? "Native AOT" : "JIT")}\n");
        text.Append($"runtime    {facts.Runtime}\n");
        text.Append($"platform   {facts.Platform}");
        return facts.Notice is null ? text.ToString() : text.Append($"\nnotice     {facts.Notice}").ToString();
    }

    /// <summary>For programs.</summary>
    public static string Json(VersionFacts facts)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("version", facts.Product);
            json.WriteString("commit", facts.Commit);
            json.WriteString("framework", facts.Framework);
            json.WriteString("runtime", facts.Runtime);
            json.WriteBoolean("nativeAot", facts.IsNative);
            json.WriteString("platform", facts.Platform);
            json.WriteString("notice", facts.Notice);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private sealed class PrintVersion(CommandEnvironment environment) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            environment.Output.WriteLine(Text(VersionFacts.Current));
            return ExitCodes.Ok;
        }
    }
}
