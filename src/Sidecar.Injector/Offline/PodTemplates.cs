using System.Text.Json.Nodes;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Offline;

/// <summary>A pod, or the template that a workload makes pods from.</summary>
/// <param name="Path">Where it stands in its document.</param>
/// <param name="Kind">Of the object that holds it.</param>
/// <param name="Name">Of that object; its <c>generateName</c> where it has no name.</param>
/// <param name="Namespace">Of that object; null when none is written.</param>
/// <param name="Pod">The pod.</param>
internal sealed record PodTemplate(JsonPointer Path, string Kind, string Name, string? Namespace, PodView Pod)
{
    /// <summary>What its pods belong to.</summary>
    public Workload? Workload => Kind == "Pod" ? Workload.OwnerOf(Pod) : Workload.Of(Kind, Name);

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.ToLowerInvariant()}/{Name}";
}

/// <summary>Finds them in a document of any kind.</summary>
internal static class PodTemplates
{
    private const int MaxListDepth = 5;

    /// <summary>In order.</summary>
    public static IEnumerable<PodTemplate> In(JsonNode? document) => document is JsonObject root ? In(root, JsonPointer.Root, 0) : [];

    private static IEnumerable<PodTemplate> In(JsonObject root, JsonPointer at, int depth)
    {
        var kind = PodView.Text(root["kind"]) ?? "";
        if (kind.EndsWith("List", StringComparison.Ordinal) && root["items"] is JsonArray items && depth < MaxListDepth)
        {
            return items.SelectMany((item, index) => item is JsonObject entry ? In(entry, at.Add("items").Add(index), depth + 1) : []);
        }

        string[]? keys = kind switch
        {
            "Pod" => [],
            "Deployment" or "ReplicaSet" or "ReplicationController" or "StatefulSet" or "DaemonSet" or "Job" => ["spec", "template"],
            "CronJob" => ["spec", "jobTemplate", "spec", "template"],
            "PodTemplate" => ["template"],
            _ => null,
        };
        return keys is not null && Down(root, keys) is JsonObject pod
            ? [new PodTemplate(at.Join(JsonPointer.Of(keys)), kind, Name(root), PodView.Text((root["metadata"] as JsonObject)?["namespace"]), new PodView(pod))]
            : [];
    }

    private static JsonNode? Down(JsonNode? node, string[] keys)
    {
        foreach (var key in keys)
        {
            node = (node as JsonObject)?[key];
        }

        return node;
    }

    private static string Name(JsonObject root)
    {
        var metadata = root["metadata"] as JsonObject;
        return PodView.Text(metadata?["name"]) ?? PodView.Text(metadata?["generateName"]) ?? "(unnamed)";
    }
}
