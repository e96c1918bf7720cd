using Sidecar.Contract;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>What labelled namespaces say, and which of their pods have no sidecar.</summary>
internal static class NamespaceChecks
{
    private const string Enforce = "pod-security.kubernetes.io/enforce";
    private const string What = "namespaces";

    /// <summary>Reads them all.</summary>
    /// <exception cref="ApiException">They cannot be listed.</exception>
    public static async Task<IReadOnlyDictionary<string, NamespaceFacts>> ReadAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, NamespaceFacts>(StringComparer.Ordinal);
        await PagedList.ReadAsync(
            scope.Api, ClusterKinds.Namespaces.Path, query: "", pageSize: 100, element => found[PodFacts.NameOf(element)] = ClusterKinds.Namespaces.Read(element), cancellationToken);
        return found;
    }

    /// <summary>Names of those whose label says enabled.</summary>
    public static IEnumerable<string> Enabled(CheckScope scope) =>
        scope.Namespaces.Where(static item => item.Value.Labels.GetValueOrDefault(Annotations.Inject) == "enabled").Select(static item => item.Key);

    /// <summary>Would Pod Security refuse sidecar-init in this namespace?</summary>
    public static bool RefusesInit(NamespaceFacts facts) =>
        facts.Labels.GetValueOrDefault(Enforce) is "baseline" or "restricted" && facts.Annotations.GetValueOrDefault(Annotations.Interception) != "none";

    /// <summary>Labels that nobody understands, and Pod Security levels that refuse the init container.</summary>
    public static IEnumerable<CheckLine> Judge(CheckScope scope)
    {
        var enabled = Enabled(scope).ToList();
        yield return enabled.Count > 0
            ? CheckLine.Ok(What, $"{enabled.Count} labelled {Annotations.Inject}=enabled: {ClusterChecks.Listed(enabled)}")
            : CheckLine.Ok(What, $"none is labelled; kubectl label namespace NAME {Annotations.Inject}=enabled asks for pod injection");
        foreach (var (name, facts) in scope.Namespaces)
        {
            var label = facts.Labels.GetValueOrDefault(Annotations.Inject);
            if (label is not (null or "enabled" or "disabled"))
            {
                yield return CheckLine.Warn($"namespace {name}", $"label {Annotations.Inject} is '{ApiException.OneLine(label)}'", "write enabled or disabled");
            }
            else if (label == "enabled" && (name == scope.Namespace || name == "kube-system"))
            {
                yield return CheckLine.Warn($"namespace {name}", "is labelled, and nothing is ever injected there", "remove the label");
            }
            else if (label == "enabled" && RefusesInit(facts))
            {
                yield return CheckLine.Fail(
                    $"namespace {name}",
                    $"Pod Security level {facts.Labels[Enforce]} refuses sidecar-init, so its pods are not injected",
                    $"label it {Enforce}=privileged, or annotate it {Annotations.Interception}: none");
            }
            else if (label == "enabled" && facts.Labels.GetValueOrDefault(Enforce) is { } level)
            {
                yield return CheckLine.Ok($"namespace {name}", $"Pod Security level {level} admits what is injected");
            }
        }
    }

    /// <summary>Labelled pods without a sidecar.</summary>
    public static async Task<IReadOnlyList<CheckLine>> PodsAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        const string what = "labelled pods";
        try
        {
            var missing = await LabelledPods.FindAsync(scope.Api, Enabled(scope), scope.Namespace, cancellationToken);
            return missing.Count == 0
                ? [CheckLine.Ok(what, "none is without a sidecar")]
                :
                [
                    .. missing.Select(static item => CheckLine.Warn(
                        $"pods of {item.Key}",
                        $"{item.Value.Count} without a sidecar: {string.Join(", ", item.Value.Names)}{(item.Value.Count > item.Value.Names.Count ? ", …" : "")}",
                        $"restart them (kubectl -n {item.Key} rollout restart deployment), or see why with kubectl get pod NAME -o yaml | sidecar-injector explain -f -")),
                ];
        }
        catch (ApiException e)
        {
            return [CheckLine.Warn(what, $"cannot be counted: {e.Message}", "grant list on pods")];
        }
    }
}
