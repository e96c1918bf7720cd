using System.Text.Json.Nodes;

namespace Sidecar.Injector.Injection;

/// <summary>Reads a pod, or a workload's pod template, that may be anything: what has another type than it should is not there.</summary>
/// <param name="Root">An object with <c>metadata</c> and <c>spec</c>.</param>
public sealed record PodView(JsonObject Root)
{
    /// <summary><c>metadata</c>.</summary>
    public JsonObject? Metadata => Root["metadata"] as JsonObject;

    /// <summary><c>spec</c>.</summary>
    public JsonObject? Spec => Root["spec"] as JsonObject;

    /// <summary>The application's containers.</summary>
    public IEnumerable<ContainerView> Containers => ContainersAt("containers");

    /// <summary>Its init containers.</summary>
    public IEnumerable<ContainerView> InitContainers => ContainersAt("initContainers");

    /// <summary>Both.</summary>
    public IEnumerable<ContainerView> AllContainers => Containers.Concat(InitContainers);

    /// <summary>Labels of the pod.</summary>
    public IReadOnlyDictionary<string, string> Labels => Texts(Metadata?["labels"]);

    /// <summary>Annotations of the pod.</summary>
    public IReadOnlyDictionary<string, string> Annotations => Texts(Metadata?["annotations"]);

    /// <summary>Names of its volumes.</summary>
    public IEnumerable<string> VolumeNames => Items(Spec?["volumes"]).Select(static volume => Text(volume["name"])).OfType<string>();

    /// <summary>A string; null for anything else.</summary>
    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>A whole number; null for anything else.</summary>
    public static long? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    /// <summary>true; anything else is false.</summary>
    public static bool IsTrue(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var isTrue) && isTrue;

    /// <summary>The objects in a list.</summary>
    public static IEnumerable<JsonObject> Items(JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The strings in a map.</summary>
    public static IReadOnlyDictionary<string, string> Texts(JsonNode? node)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in node as JsonObject ?? [])
        {
            if (Text(value) is { } text)
            {
                texts[name] = text;
            }
        }

        return texts;
    }

    private IEnumerable<ContainerView> ContainersAt(string list) =>
        (Spec?[list] as JsonArray ?? []).Select((item, index) => item is JsonObject container ? new ContainerView(list, index, container) : null).OfType<ContainerView>();
}

/// <summary>One container of a pod.</summary>
/// <param name="List"><c>containers</c> or <c>initContainers</c>.</param>
/// <param name="Index">Its place in the list.</param>
/// <param name="Root">The container.</param>
public sealed record ContainerView(string List, int Index, JsonObject Root)
{
    /// <summary>Its name; empty when it has none.</summary>
    public string Name => PodView.Text(Root["name"]) ?? "";

    /// <summary>An init container that stays: somebody else's native sidecar.</summary>
    public bool IsSidecar => List == "initContainers" && PodView.Text(Root["restartPolicy"]) == "Always";

    /// <summary>Its declared ports.</summary>
    public IEnumerable<JsonObject> Ports => PodView.Items(Root["ports"]);

    /// <summary>Where it is in the pod.</summary>
    public JsonPointer Path => JsonPointer.Of("spec", List).Add(Index);
}
