using System.CommandLine;
using Sidecar.Contract;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>The command <c>check</c>.</summary>
public static class CheckCommand
{
    /// <summary>Complete command lines, for its help.</summary>
    public static IReadOnlyList<string> Examples { get; } =
    [
        "sidecar-injector check --before --kubeconfig ~/.kube/config",
        "sidecar-injector check --kubeconfig ~/.kube/config --namespace sidecar-system",
        "kubectl -n sidecar-system exec deploy/sidecar-injector -- sidecar-injector check",
    ];

    /// <summary>What it does, for help.</summary>
    public const string Description = "Say what a cluster lacks for pod injection, before and after the chart is installed: one line a check, exit 1 if one failed.";

    /// <summary>Adds options and action to a command.</summary>
    /// <param name="command">Named <c>check</c>.</param>
    /// <param name="output">Gets the lines.</param>
    /// <param name="error">Gets what is wrong with the usage.</param>
    /// <param name="variable">Reads an environment variable.</param>
    /// <param name="time">The clock.</param>
    public static void Configure(Command command, TextWriter output, TextWriter error, Func<string, string?> variable, TimeProvider time)
    {
        var kubeConfig = new Option<string?>("--kubeconfig") { Description = "File that says where the cluster is. Default: in a pod its ServiceAccount, else $KUBECONFIG, else ~/.kube/config." };
        var context = new Option<string?>("--context") { Description = "Context of that file. Default: its current one." };
        var @namespace = new Option<string>("--namespace") { Description = "Where the injector is, or will be.", DefaultValueFactory = _ => variable("POD_NAMESPACE") is { Length: > 0 } own ? own : "sidecar-system" };
        var service = new Option<string>("--service") { Description = "Its Service.", DefaultValueFactory = static _ => "sidecar-injector" };
        var webhooks = new Option<string>("--webhook-configuration") { Description = "Name of its webhook configurations.", DefaultValueFactory = static _ => "sidecar-injector" };
        var secret = new Option<string>("--certificate-secret") { Description = "Secret with its certificate.", DefaultValueFactory = static _ => "sidecar-injector-certificate" };
        var before = new Option<bool>("--before") { Description = "Before the installation: only what must be there without it." };
        foreach (var option in new Option[] { kubeConfig, context, @namespace, service, webhooks, secret, before })
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (Endpoint(parsed.GetValue(kubeConfig), parsed.GetValue(context), variable, out var problem) is not { } endpoint)
            {
                await error.WriteLineAsync(problem);
                return ExitCodes.Usage;
            }

            using var api = new ApiClient(endpoint, time);
            var scope = new CheckScope(
                api, parsed.GetValue(@namespace)!, parsed.GetValue(service)!, parsed.GetValue(webhooks)!, parsed.GetValue(secret)!, time);
            return await RunAsync(scope, parsed.GetValue(before), output, cancellationToken);
        });
    }

    /// <summary>Writes each line as it comes.</summary>
    internal static async Task<int> RunAsync(CheckScope scope, bool isBefore, TextWriter output, CancellationToken cancellationToken)
    {
        var worst = CheckVerdict.Ok;
        await foreach (var line in ClusterCheck.RunAsync(scope, isBefore, cancellationToken))
        {
            worst = line.Verdict > worst ? line.Verdict : worst;
            await output.WriteLineAsync(line.ToString());
        }

        return worst == CheckVerdict.Fail ? ExitCodes.Failed : ExitCodes.Ok;
    }

    /// <summary>Where the cluster is: the flag, else the pod's own, else where kubectl would look.</summary>
    internal static ApiEndpoint? Endpoint(string? flag, string? context, Func<string, string?> variable, out string problem)
    {
        problem = "";
        if (flag is null && ApiEndpoint.InCluster(variable) is { } own)
        {
            return own;
        }

        var listed = variable("KUBECONFIG")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        var file = flag ?? listed ?? Path.Combine(variable("HOME") ?? "", ".kube", "config");
        try
        {
            var endpoint = KubeConfig.Read(File.ReadAllText(file), Path.GetDirectoryName(Path.GetFullPath(file)) ?? "", context, out problem);
            problem = endpoint is null ? $"{file}: {problem}" : "";
            return endpoint;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"{exception.Message} Say where the cluster is with --kubeconfig FILE.";
            return null;
        }
    }
}
