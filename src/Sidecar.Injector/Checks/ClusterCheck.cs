using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary><c>check</c>: says what a cluster lacks, one line a check, each as soon as it is known.</summary>
internal static class ClusterCheck
{
    /// <summary>Runs every check.</summary>
    /// <param name="scope">What to look at.</param>
    /// <param name="isBefore">Before the installation: only what must be there without it.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async IAsyncEnumerable<CheckLine> RunAsync(
        CheckScope scope, bool isBefore, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (server, version) = await ClusterChecks.ServerAsync(scope, cancellationToken);
        yield return server;
        if (server.Verdict == CheckVerdict.Fail)
        {
            // Everything else would fail for the same reason.
            yield break;
        }

        yield return await GuardAsync("admissionregistration.k8s.io/v1", () => ClusterChecks.AdmissionAsync(scope, cancellationToken));
        foreach (var line in await GuardManyAsync("nodes", () => ClusterChecks.NodesAsync(scope, version, cancellationToken)))
        {
            yield return line;
        }

        var namespaces = await GuardManyAsync("namespaces", async () =>
        {
            scope = scope with { Namespaces = await NamespaceChecks.ReadAsync(scope, cancellationToken) };
            return [.. NamespaceChecks.Judge(scope)];
        });
        foreach (var line in namespaces)
        {
            yield return line;
        }

        if (isBefore)
        {
            yield return await PermissionChecks.RunAsync(scope, cancellationToken);
            yield break;
        }

        foreach (var line in await GuardManyAsync("webhook configurations", () => InstallationChecks.WebhooksAsync(scope, cancellationToken)))
        {
            yield return line;
        }

        yield return await GuardAsync($"Service {scope.Namespace}/{scope.Service}", () => InstallationChecks.ServiceAsync(scope, cancellationToken));
        yield return await DryRunCheck.RunAsync(scope, cancellationToken);
        foreach (var line in await NamespaceChecks.PodsAsync(scope, cancellationToken))
        {
            yield return line;
        }
    }

    // What cannot be seen is no failure of the cluster.
    private static async Task<CheckLine> GuardAsync(string what, Func<Task<CheckLine>> check) =>
        (await GuardManyAsync(what, async () => [await check()]))[0];

    private static async Task<IReadOnlyList<CheckLine>> GuardManyAsync(string what, Func<Task<IReadOnlyList<CheckLine>>> check)
    {
        try
        {
            return await check();
        }
        catch (ApiException e)
        {
            return [CheckLine.Warn(what, $"cannot be seen: {e.Message}", e.IsForbidden ? "run check as somebody who may" : null)];
        }
    }
}
