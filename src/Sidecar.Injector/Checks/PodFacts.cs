using System.Text.Json;
using Sidecar.Contract;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>Does a pod that is labelled for pod injection lack its sidecar?</summary>
internal static class PodFacts
{
    private const string MirrorPod = "kubernetes.io/config.mirror";

    /// <summary>Has it the proxy, in either form?</summary>
    public static bool HasSidecar(JsonElement pod) =>
        Has(pod, "containers", PodNames.ProxyContainer) || Has(pod, "initContainers", PodNames.ProxyContainer);

    /// <summary>
    /// Pods that never get a sidecar and are no reason to act: in the host's network, on Windows, of the kubelet's own
    /// files, or leaving.
    /// </summary>
    public static bool IsExempt(JsonElement pod) =>
        pod.Member("spec", "hostNetwork") is { ValueKind: JsonValueKind.True }
        || pod.Member("spec", "os", "name").AsText() == "windows"
        || pod.Member("metadata", "annotations", MirrorPod) is not null
        || pod.Member("metadata", "deletionTimestamp") is not null;

    /// <summary>Name of an object.</summary>
    public static string NameOf(JsonElement element) => element.Member("metadata", "name").AsText() ?? "";

    /// <summary>Namespace of an object.</summary>
    public static string NamespaceOf(JsonElement element) => element.Member("metadata", "namespace").AsText() ?? "";

    private static bool Has(JsonElement pod, string list, string name) =>
        pod.Member("spec") is { } spec && spec.Items(list).Any(container => container.Text("name") == name);
}
