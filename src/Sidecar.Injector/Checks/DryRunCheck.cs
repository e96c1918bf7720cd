using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Contract;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>The proof of the whole: a labelled pod that is created without being created comes back with a sidecar.</summary>
internal static class DryRunCheck
{
    private const string What = "webhook";

    /// <summary>Tries it.</summary>
    public static async Task<CheckLine> RunAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        // A labelled namespace shows what its users get; the pod's own label makes any other do.
        var place = NamespaceChecks.Enabled(scope)
            .Where(name => name != scope.Namespace && name != "kube-system")
            .FirstOrDefault(name => scope.Namespaces.GetValueOrDefault(name) is { } facts && !NamespaceChecks.RefusesInit(facts)) ?? "default";
        var warnings = new List<string>();
        try
        {
            using var pod = await scope.Api.SendAsync(
                HttpMethod.Post,
                $"/api/v1/namespaces/{Uri.EscapeDataString(place)}/pods?dryRun=All",
                "application/json",
                Encoding.UTF8.GetBytes(Pod().ToJsonString()),
                cancellationToken,
                warnings);
            return PodFacts.HasSidecar(pod.RootElement)
                ? CheckLine.Ok(What, $"a labelled pod in {place} gets its sidecar (dry run)")
                : CheckLine.Fail(
                    What,
                    $"a labelled pod in {place} comes back without a sidecar (dry run){(warnings.Count > 0 ? $": {string.Join(", ", warnings)}" : "")}",
                    warnings.Count > 0
                        ? "see the warning"
                        : "the API server does not reach the injector or does not trust it, and failurePolicy Ignore lets pods through: look at the API server's log for 'failed calling webhook', at NetworkPolicies and at the injector's log");
        }
        catch (ApiException e)
        {
            return e.Message.Contains("failed calling webhook", StringComparison.Ordinal)
                ? CheckLine.Fail(What, e.Message, "the API server must reach the injector's Service, and trust its certificate")
                : CheckLine.Warn(What, $"the dry run in {place} was refused: {e.Message}", "run check as somebody who may create pods there");
        }
    }

    // Within the level restricted as far as it goes itself, so that only what is injected is judged.
    private static JsonObject Pod() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = new JsonObject
        {
            ["generateName"] = "sidecar-check-",
            ["labels"] = new JsonObject { [Annotations.Inject] = "enabled" },
        },
        ["spec"] = new JsonObject
        {
            ["automountServiceAccountToken"] = false,
            ["restartPolicy"] = "Never",
            ["securityContext"] = new JsonObject { ["runAsNonRoot"] = true, ["runAsUser"] = 65534, ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" } },
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = "app",
                ["image"] = "sidecar-check.invalid/never-pulled",
                ["resources"] = new JsonObject
                {
                    ["requests"] = new JsonObject { ["cpu"] = "1m", ["memory"] = "1Mi" },
                    ["limits"] = new JsonObject { ["cpu"] = "10m", ["memory"] = "16Mi" },
                },
                ["securityContext"] = new JsonObject
                {
                    ["allowPrivilegeEscalation"] = false,
                    ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
                },
            }),
        },
    };
}
