using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sidecar.Injector.Injection;

/// <summary>
/// JSON to nodes at once, where <see cref="JsonNode.Parse(string, JsonNodeOptions?, JsonDocumentOptions)"/> is lazy: a key that
/// is there twice, or half a surrogate, would otherwise surface as another exception in the middle of a decision.
/// </summary>
public static class StrictJson
{
    /// <summary>Deeper is refused.</summary>
    public const int MaxDepth = 64;

    /// <summary>Parses a text.</summary>
    /// <exception cref="JsonException">It is not JSON, or ambiguous.</exception>
    public static JsonNode? Parse(string text)
    {
        try
        {
            return Parse(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetBytes(text));
        }
        catch (EncoderFallbackException e)
        {
            throw new JsonException("half a surrogate", e);
        }
    }

    /// <summary>Parses bytes of UTF-8.</summary>
    /// <exception cref="JsonException">They are not JSON, or ambiguous.</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            reader.Read();
            var node = Value(ref reader);
            if (reader.Read())
            {
                throw new JsonException("more than one value");
            }

            return node;
        }
        catch (InvalidOperationException e)
        {
            // The reader's answer to \ud800 and to bytes that are not UTF-8.
            throw new JsonException("a string is not text", e);
        }
    }

    private static JsonNode? Value(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => Object(ref reader),
        JsonTokenType.StartArray => Array(ref reader),
        JsonTokenType.String => JsonValue.Create(reader.GetString()),
        JsonTokenType.Number => Number(ref reader),
        JsonTokenType.True => JsonValue.Create(true),
        JsonTokenType.False => JsonValue.Create(false),
        _ => null,
    };

    private static JsonValue Number(ref Utf8JsonReader reader) =>
        reader.TryGetInt64(out var whole) ? JsonValue.Create(whole)
        : reader.TryGetDouble(out var real) && double.IsFinite(real) ? JsonValue.Create(real)
        : throw new JsonException("a number has no finite value");

    private static JsonObject Object(ref Utf8JsonReader reader)
    {
        var members = new JsonObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (members.ContainsKey(key))
            {
                throw new JsonException("a key is there twice");
            }

            members.Add(key, Value(ref reader));
        }

        return members;
    }

    private static JsonArray Array(ref Utf8JsonReader reader)
    {
        var items = new JsonArray();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(Value(ref reader));
        }

        return items;
    }
}
