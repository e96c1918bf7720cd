using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Sidecar.Init.Options;

namespace Sidecar.Injector.Injection;

/// <summary>
/// What a patch relies on. The API server validates a pod after its webhooks, and offline nobody does: names that go into
/// paths and lists that get items must be what they should be.
/// </summary>
internal static class PodShape
{
    private static readonly ImmutableArray<string> Lists = ["containers", "initContainers", "volumes"];

    /// <summary>What is wrong; null when the pod can be patched.</summary>
    public static SkipFinding? Judge(PodView pod)
    {
        if (!IsAbsentOr<JsonObject>(pod.Root["metadata"]) || pod.Spec is not { } spec)
        {
            return Malformed("metadata or spec is no object");
        }

        if (!IsAbsentOr<JsonObject>(pod.Metadata?["annotations"]) || !AreTexts(pod.Metadata?["annotations"]) || !IsAbsentOr<JsonObject>(pod.Metadata?["labels"]))
        {
            return Malformed("metadata.annotations or metadata.labels is no map of strings");
        }

        if (spec["containers"] is not JsonArray { Count: > 0 })
        {
            return Malformed("there is no container");
        }

        if (Lists.FirstOrDefault(list => !IsAbsentOr<JsonArray>(spec[list]) || !AreObjects(spec[list])) is { } bad)
        {
            return Malformed($"spec.{bad} is no list of objects");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var container in pod.AllContainers)
        {
            if (!DnsName.IsLabel(container.Name) || !names.Add(container.Name))
            {
                return Malformed($"container name {ListText.Quote(container.Name)} is not one, or is there twice");
            }
        }

        return PodView.Number(spec["terminationGracePeriodSeconds"]) is < 0 ? Malformed("terminationGracePeriodSeconds is negative") : null;
    }

    private static SkipFinding Malformed(string detail) => new(SkipReason.MalformedPod, detail);

    private static bool IsAbsentOr<T>(JsonNode? node) => node is null or T;

    private static bool AreObjects(JsonNode? node) => node is not JsonArray list || list.All(static item => item is JsonObject);

    private static bool AreTexts(JsonNode? node) => node is not JsonObject map || map.All(static member => member.Value is null || PodView.Text(member.Value) is not null);
}
