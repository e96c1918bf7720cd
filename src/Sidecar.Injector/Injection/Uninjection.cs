using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Injection;

/// <summary>Takes an injection back: what the status annotation says was done, as far as it is still there. What was changed since stays.</summary>
public static class Uninjection
{
    /// <summary>The operations; none when the pod was not injected.</summary>
    public static IReadOnlyList<JsonPatchOperation> Of(PodView pod) => InjectionStatus.Read(pod) is { } status && pod.Spec is not null ? [.. Of(pod, status)] : [];

    private static IEnumerable<JsonPatchOperation> Of(PodView pod, InjectionStatus status)
    {
        // Before anything moves: containers are found by their index.
        foreach (var container in pod.AllContainers)
        {
            foreach (var operation in Restore(container, status))
            {
                yield return operation;
            }
        }

        foreach (var operation in RemoveItems(pod, "containers", IsOurs, status))
        {
            yield return operation;
        }

        foreach (var operation in RemoveItems(pod, "initContainers", IsOurs, status))
        {
            yield return operation;
        }

        foreach (var operation in RemoveItems(pod, "volumes", name => status.Volumes.Contains(name), status))
        {
            yield return operation;
        }

        foreach (var operation in RemoveAnnotations(pod, status))
        {
            yield return operation;
        }
    }

    private static bool IsOurs(string name) => name is PodNames.ProxyContainer or PodNames.InitContainer;

    private static IEnumerable<JsonPatchOperation> Restore(ContainerView container, InjectionStatus status)
    {
        foreach (var (id, original) in status.Originals)
        {
            var slash = id.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0 || id[..slash] != container.Name || Place(id[(slash + 1)..]) is not { } keys)
            {
                continue;
            }

            JsonNode? node = container.Root;
            var path = container.Path;
            foreach (var key in keys)
            {
                node = (node as JsonObject)?[key];
                path = path.Add(key);
            }

            // Still as the injector left it?
            if (node is JsonObject probe && probe["httpGet"] is JsonObject handler && JsonNode.DeepEquals(handler, ProbeRewrites.Target(id)))
            {
                yield return original.IsWholeProbe
                    ? Replace(path, WholeProbe(probe, original.Value), original)
                    : Replace(path.Add("httpGet"), original.Value.DeepClone(), original);
            }
        }
    }

    private static JsonPatchOperation Replace(JsonPointer path, JsonNode value, OriginalProbe original) => JsonPatchOperation.Replace(path, value) with { Text = original.Text };

    // Fields beside the handler may have been changed since.
    private static JsonObject WholeProbe(JsonObject probe, JsonObject original)
    {
        var handler = original.FirstOrDefault(static member => member.Key is "tcpSocket" or "grpc");
        var restored = new JsonObject();
        foreach (var (key, value) in probe)
        {
            restored[key == "httpGet" ? handler.Key : key] = key == "httpGet" ? handler.Value?.DeepClone() : value?.DeepClone();
        }

        return JsonNode.DeepEquals(restored, original) ? (JsonObject)original.DeepClone() : restored;
    }

    private static string[]? Place(string probe) => probe switch
    {
        ApplicationProbes.Liveness => ["livenessProbe"],
        ApplicationProbes.Readiness => ["readinessProbe"],
        ApplicationProbes.Startup => ["startupProbe"],
        ApplicationProbes.PostStart => ["lifecycle", "postStart"],
        ApplicationProbes.PreStop => ["lifecycle", "preStop"],
        _ => null,
    };

    private static IEnumerable<JsonPatchOperation> RemoveItems(PodView pod, string list, Func<string, bool> isOurs, InjectionStatus status)
    {
        var path = JsonPointer.Of("spec", list);
        if (pod.Spec![list] is not JsonArray items)
        {
            yield break;
        }

        var ours = Enumerable.Range(0, items.Count).Where(index => PodView.Text((items[index] as JsonObject)?["name"]) is { } name && isOurs(name)).ToArray();
        if (ours.Length > 0 && ours.Length == items.Count && TakeBack(path, status) is { } whole)
        {
            yield return whole;
            yield break;
        }

        // From the end, so that no index moves.
        foreach (var index in Enumerable.Reverse(ours))
        {
            yield return JsonPatchOperation.Remove(path.Add(index));
        }
    }

    private static IEnumerable<JsonPatchOperation> RemoveAnnotations(PodView pod, InjectionStatus status)
    {
        var path = JsonPointer.Of("metadata", "annotations");
        var ours = pod.Annotations
            .Where(annotation => annotation.Key == Annotations.Status || (status.AddedAnnotations.TryGetValue(annotation.Key, out var added) && added == annotation.Value))
            .Select(static annotation => annotation.Key)
            .ToArray();
        if (ours.Length < ((JsonObject)pod.Metadata!["annotations"]!).Count)
        {
            foreach (var name in Enumerable.Reverse(ours))
            {
                yield return JsonPatchOperation.Remove(path.Add(name));
            }
        }
        else if (pod.Metadata.Count == 1 && TakeBack(JsonPointer.Of("metadata"), status) is { } metadata)
        {
            yield return metadata;
        }
        else if (TakeBack(path, status) is { } annotations)
        {
            yield return annotations;
        }
        else
        {
            foreach (var name in Enumerable.Reverse(ours))
            {
                yield return JsonPatchOperation.Remove(path.Add(name));
            }
        }
    }

    // A member that the injector made goes as a whole; one that stood there without a value gets none again.
    private static JsonPatchOperation? TakeBack(JsonPointer path, InjectionStatus status) =>
        status.Nulls.TryGetValue(path.Segments[^1], out var text) ? JsonPatchOperation.Replace(path, value: null) with { Text = text }
        : status.Made.Contains(path.Segments[^1]) ? JsonPatchOperation.Remove(path)
        : null;
}
