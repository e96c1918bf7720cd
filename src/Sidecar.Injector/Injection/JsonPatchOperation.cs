using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sidecar.Injector.Injection;

/// <summary>One operation of RFC 6902, one of the three that injecting and its reversal need.</summary>
/// <param name="Kind"><c>add</c>, <c>replace</c> or <c>remove</c>.</param>
/// <param name="Path">Where, as a JSON Pointer.</param>
/// <param name="Value">What; null for <c>remove</c>, and for the JSON null.</param>
public sealed record JsonPatchOperation(string Kind, JsonPointer Path, JsonNode? Value)
{
    /// <summary>The value as it was written before it was replaced; for editing a text, no part of the patch.</summary>
    public string? Text { get; init; }

    /// <summary>Adds a member, or inserts an item.</summary>
    public static JsonPatchOperation Add(JsonPointer path, JsonNode? value) => new("add", path, value);

    /// <summary>Replaces what is there.</summary>
    public static JsonPatchOperation Replace(JsonPointer path, JsonNode? value) => new("replace", path, value);

    /// <summary>Removes what is there.</summary>
    public static JsonPatchOperation Remove(JsonPointer path) => new("remove", path, Value: null);

    /// <summary>The same operation on an object that contains the one it was made for.</summary>
    public JsonPatchOperation Under(JsonPointer parent) => this with { Path = parent.Join(Path) };

    /// <summary>The patch as bytes.</summary>
    public static byte[] Write(IReadOnlyList<JsonPatchOperation> patch)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var operation in patch)
            {
                json.WriteStartObject();
                json.WriteString("op", operation.Kind);
                json.WriteString("path", operation.Path.ToString());
                if (operation.Kind != "remove")
                {
                    json.WritePropertyName("value");
                    if (operation.Value is null)
                    {
                        json.WriteNullValue();
                    }
                    else
                    {
                        operation.Value.WriteTo(json);
                    }
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return buffer.ToArray();
    }
}
