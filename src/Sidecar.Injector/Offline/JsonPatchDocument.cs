using System.Globalization;
using System.Text.Json.Nodes;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Offline;

/// <summary>Applies operations to nodes: what an edited text has to mean.</summary>
internal static class JsonPatchDocument
{
    /// <summary>A changed copy.</summary>
    public static JsonObject Apply(JsonObject document, IEnumerable<JsonPatchOperation> patch)
    {
        var copy = (JsonObject)document.DeepClone();
        foreach (var operation in patch)
        {
            Apply(copy, operation);
        }

        return copy;
    }

    private static void Apply(JsonObject document, JsonPatchOperation operation)
    {
        JsonNode? parent = document;
        foreach (var segment in operation.Path.Segments[..^1])
        {
            parent = parent is JsonArray list ? list[Index(segment)] : ((JsonObject)parent!)[segment];
        }

        var last = operation.Path.Segments[^1];
        switch (parent, operation.Kind)
        {
            case (JsonObject members, "remove"):
                members.Remove(last);
                break;
            case (JsonObject members, _):
                members[last] = operation.Value?.DeepClone();
                break;
            case (JsonArray items, "remove"):
                items.RemoveAt(Index(last));
                break;
            case (JsonArray items, _):
                items.Insert(last == "-" ? items.Count : Index(last), operation.Value?.DeepClone());
                break;
        }
    }

    private static int Index(string segment) => int.Parse(segment, NumberStyles.None, CultureInfo.InvariantCulture);
}
