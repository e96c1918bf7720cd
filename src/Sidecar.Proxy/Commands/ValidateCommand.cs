using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using Sidecar.Configuration;
using Sidecar.Contract;
using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Commands;

/// <summary><c>validate</c>: would this configuration be accepted?</summary>
public static class ValidateCommand
{
    private const string StandardInput = "-";

    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var config = CommandOptions.Config();
        config.Description += " - reads standard input.";
        var configOptional = CommandOptions.ConfigOptional();
        var pod = CommandOptions.Pod();
        var sets = CommandOptions.Set();
        var printEffective = new Option<bool>("--print-effective")
        {
            Description = "Print the effective configuration, every default included, to standard output.",
        };
        var command = new ExampleCommand("validate", "Check a configuration: every error at once (exit 64), and warnings (exit 0).",
        [
            "sidecar-proxy validate --config sidecar.yaml",
            "sidecar-proxy validate --config sidecar.yaml --set timeouts.request=5s --print-effective",
            "sidecar-proxy validate --pod --config-optional platform.yaml --config-optional policies.yaml",
            "kubectl get configmap sidecar-policies -o jsonpath='{.data.sidecar\\.yaml}' | sidecar-proxy validate --config -",
        ])
        {
            config, configOptional, pod, sets, printEffective,
        };
        command.SetAction(parsed => Run(
            [.. parsed.GetValue(config) ?? []],
            [.. parsed.GetValue(configOptional) ?? []],
            parsed.GetValue(pod),
            parsed.GetValue(sets) ?? [],
            parsed.GetValue(printEffective),
            environment));
        return command;
    }

    private static int Run(
        ImmutableArray<string> files, ImmutableArray<string> optionalFiles, bool isPod, string[] sets, bool isPrinted, CommandEnvironment environment)
    {
        if (files.IsEmpty && optionalFiles.IsEmpty)
        {
            environment.Error.WriteLine("Nothing to validate: give --config FILE or --config-optional FILE.");
            return ExitCodes.Usage;
        }

        var reloader = new ConfigurationReloader(
            isPod ? CommandLineSources.WithPodListeners(environment.Load) : environment.Load, environment.Check, sources => CommandLineSources.Compose(sources, listen: null, upstream: null, sets), state: null);
        var result = reloader.Read(Read(files, optionalFiles, environment.Input));
        ProblemOutput.Write(environment.Error, result.Errors);
        ProblemOutput.Write(environment.Error, result.Warnings, "warning: ");
        if (result.Configuration is not { } configuration)
        {
            environment.Error.WriteLine(result.Errors.Count == 1 ? "1 error" : $"{result.Errors.Count} errors");
            return ExitCodes.Usage;
        }

        // Standard output is the document alone when one is asked for, so that it can be piped.
        var summary = isPrinted ? environment.Error : environment.Output;
        if (isPrinted)
        {
            environment.Output.WriteLine(environment.PrintEffective(configuration).TrimEnd());
        }

        summary.WriteLine(
            $"OK: {Count(configuration.Routes.Length, "route")}, {Count(configuration.Clusters.Length, "cluster")}, "
            + $"{Count(result.Warnings.Count, "warning")}, revision {ConfigurationRevision.Hash(result.MergedDocument ?? "")}");
        return ExitCodes.Ok;
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";

    // Standard input takes its place among the files, so that order keeps its meaning.
    private static ConfigFileReading Read(ImmutableArray<string> files, ImmutableArray<string> optionalFiles, Stream input)
    {
        if (!files.Contains(StandardInput))
        {
            return new ConfigFileSet(files, optionalFiles).Read();
        }

        var parts = files.Select(file => file == StandardInput ? null : new ConfigFileSet([file], []).Read())
            .Append(new ConfigFileSet([], optionalFiles).Read());
        var whole = new ConfigFileReading([], [], [], false, "");
        return parts.Aggregate(whole, (all, part) => part is null
            ? all with { Sources = all.Sources.Add(ReadInput(input)) }
            : all with { Sources = [.. all.Sources, .. part.Sources], Problems = [.. all.Problems, .. part.Problems] });
    }

    private static ConfigurationSource ReadInput(Stream input)
    {
        using var reader = new StreamReader(input, Encoding.UTF8);
        return new ConfigurationSource("standard input", reader.ReadToEnd());
    }
}
