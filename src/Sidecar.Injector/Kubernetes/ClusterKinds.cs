using System.Text.Json;
using Sidecar.Contract;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Kubernetes;

/// <summary>What is kept of a node.</summary>
/// <param name="KubeletVersion">As it says itself: <c>v1.29.3-gke.1</c>; empty when it says nothing.</param>
/// <param name="OperatingSystem"><c>linux</c> or <c>windows</c>; empty when it says nothing.</param>
public sealed record NodeFacts(string KubeletVersion, string OperatingSystem);

/// <summary>The two collections that are held, and how little of them.</summary>
public static class ClusterKinds
{
    /// <summary>
    /// Longest annotation value that is kept whole. What is longer is cut and marked with a character that no annotation of
    /// ours may have, so that it is refused with its name and not silently shortened.
    /// </summary>
    internal const int MaxValueLength = 8 * 1024;

    private const string NamespaceName = "kubernetes.io/metadata.name";
    private const string PodSecurity = "pod-security.kubernetes.io/";
    private const string CutMark = "…";

    /// <summary>Namespaces: our labels and annotations, the Pod Security labels and the name.</summary>
    public static ResourceKind<NamespaceFacts> Namespaces { get; } = new("namespaces", "/api/v1/namespaces", ReadNamespace);

    /// <summary>Nodes: kubelet version and operating system.</summary>
    public static ResourceKind<NodeFacts> Nodes { get; } = new("nodes", "/api/v1/nodes", ReadNode);

    /// <summary>Facts of a Namespace object.</summary>
    internal static NamespaceFacts ReadNamespace(JsonElement element) => new(
        Kept(element.Member("metadata", "labels"), static key =>
            key.StartsWith(Annotations.Prefix, StringComparison.Ordinal) || key.StartsWith(PodSecurity, StringComparison.Ordinal) || key == NamespaceName),
        Kept(element.Member("metadata", "annotations"), static key => key.StartsWith(Annotations.Prefix, StringComparison.Ordinal)));

    private static NodeFacts ReadNode(JsonElement element) => new(
        Cut(element.Member("status", "nodeInfo", "kubeletVersion").AsText() ?? ""),
        Cut(element.Member("status", "nodeInfo", "operatingSystem").AsText() ?? ""));

    private static Dictionary<string, string> Kept(JsonElement? map, Func<string, bool> isKept)
    {
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Texts())
        {
            if (isKept(key))
            {
                kept[key] = Cut(value);
            }
        }

        kept.TrimExcess();
        return kept;
    }

    private static string Cut(string text) => text.Length > MaxValueLength ? text[..MaxValueLength] + CutMark : text;
}
