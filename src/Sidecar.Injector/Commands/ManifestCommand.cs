using System.CommandLine;
using System.Text;
using Sidecar.Contract;
using Sidecar.Injector.Offline;

namespace Sidecar.Injector.Commands;

/// <summary>What the commands on manifests share: nothing is written unless all of it can be.</summary>
internal static class ManifestCommand
{
    /// <summary>Runs one, with its problems as exit 64.</summary>
    public static async Task<int> RunAsync(CommandEnvironment environment, string file, Func<Task> run)
    {
        try
        {
            await run();
            return ExitCodes.Ok;
        }
        catch (UsageException e)
        {
            foreach (var problem in e.Problems)
            {
                await environment.Error.WriteLineAsync(problem);
            }

            return ExitCodes.Usage;
        }
        catch (YamlTextException e)
        {
            await environment.Error.WriteLineAsync($"{file}: {e.Message}");
            return ExitCodes.Usage;
        }
    }

    /// <summary>Writes a manifest, byte for byte, and what there is to say about it beside it.</summary>
    public static async Task WriteAsync(CommandEnvironment environment, string text, IEnumerable<string> remarks, CancellationToken cancellationToken)
    {
        await environment.RawOutput.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await environment.RawOutput.FlushAsync(cancellationToken);
        foreach (var remark in remarks)
        {
            await environment.Error.WriteLineAsync(remark);
        }
    }

    /// <summary>One line about a workload.</summary>
    public static string Summary(WorkloadReport report) => report.Outcome.Skipped is { } skipped
        ? $"{report.Template}: not injected ({skipped.Reason.Word}): {skipped.Reason.Meaning}{(skipped.Detail.Length > 0 ? $": {skipped.Detail}" : "")}"
        : $"{report.Template}: injected ({(report.Outcome.Form!.IsNative ? "native sidecar" : "plain container")})";
}

/// <summary><c>inject</c>.</summary>
internal static class InjectCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var flags = new ManifestFlags();
        var command = new ExampleCommand("inject", "Add the sidecar to the workloads of a manifest; comments, order and everything else stay.",
        [
            "sidecar-injector inject -f deployment.yaml | kubectl apply -f -",
            "kubectl get deployment web -o yaml | sidecar-injector inject -f -",
            "sidecar-injector inject -f pod.yaml --native never | podman kube play -",
        ]);
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => ManifestCommand.RunAsync(environment, parsed.GetRequiredValue(flags.File), async () =>
        {
            var injection = flags.Injection(parsed);
            var (text, reports, notes) = injection.Inject(await flags.ReadAsync(parsed, environment, cancellationToken));
            var remarks = reports.SelectMany(static report => (string[])[ManifestCommand.Summary(report), .. report.Outcome.Skipped is null ? report.Outcome.Warnings : []]);
            await ManifestCommand.WriteAsync(environment, text, remarks.Concat(notes.Select(static note => $"note: {note}")), cancellationToken);
        }));
        return command;
    }
}

/// <summary><c>uninject</c>.</summary>
internal static class UninjectCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var flags = new ManifestFlags();
        var command = new ExampleCommand("uninject", "Take the sidecar out again: uninject of inject is the manifest that went in.",
        [
            "sidecar-injector uninject -f injected.yaml > deployment.yaml",
        ])
        {
            flags.File,
        };
        command.SetAction((parsed, cancellationToken) => ManifestCommand.RunAsync(environment, parsed.GetRequiredValue(flags.File), async () =>
        {
            var (text, restored, notes) = OfflineUninjection.Uninject(await flags.ReadAsync(parsed, environment, cancellationToken));
            var remarks = restored.Select(static template => $"{template}: restored").Concat(notes.Select(static note => $"note: {note}"));
            await ManifestCommand.WriteAsync(environment, text, remarks, cancellationToken);
        }));
        return command;
    }
}

/// <summary><c>explain</c>.</summary>
internal static class ExplainCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var flags = new ManifestFlags();
        var command = new ExampleCommand("explain", "Say for each workload of a manifest whether it is injected, why not, and where each setting comes from.",
        [
            "sidecar-injector explain -f deployment.yaml",
            "kubectl get pods -A -o yaml | sidecar-injector explain -f - --namespace-label sidecarproxy.io/inject=enabled",
        ]);
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => ManifestCommand.RunAsync(environment, parsed.GetRequiredValue(flags.File), async () =>
        {
            var injection = flags.Injection(parsed);
            var (_, reports, _) = injection.Inject(await flags.ReadAsync(parsed, environment, cancellationToken));
            foreach (var report in reports)
            {
                await environment.Output.WriteAsync(Explanation.Of(report));
            }

            if (reports.Count == 0)
            {
                await environment.Output.WriteLineAsync("There is no workload in this manifest.");
            }
        }));
        return command;
    }
}
