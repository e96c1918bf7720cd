using System.Collections.Immutable;
using System.Text.Json;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>Writes the JSON Schema (draft 2020-12) of shapes; objects that are used in several places go to <c>$defs</c>.</summary>
internal sealed class SchemaWriter(Utf8JsonWriter json)
{
    private readonly Queue<(string Name, IObjectShape Shape)> _pending = new();
    private readonly HashSet<string> _defined = [];

    /// <summary>The open object.</summary>
    public Utf8JsonWriter Json { get; } = json;

    /// <summary>Writes a member that is a schema.</summary>
    public void WriteChild(string name, ValueShape shape)
    {
        Json.WriteStartObject(name);
        shape.WriteSchema(this);
        Json.WriteEndObject();
    }

    /// <summary>A closed object.</summary>
    public void WriteObject(IObjectShape shape)
    {
        Json.WriteString("type", "object");
        Json.WriteBoolean("additionalProperties", false);
        var required = shape.Keys.Where(key => key.IsRequired).Select(key => key.Name).ToList();
        if (required.Count > 0)
        {
            WriteStrings("required", required);
        }

        if (!shape.ExactlyOne.IsEmpty)
        {
            Json.WriteStartArray("oneOf");
            foreach (var key in shape.ExactlyOne)
            {
                Json.WriteStartObject();
                WriteStrings("required", [key.Name]);
                Json.WriteEndObject();
            }

            Json.WriteEndArray();
        }

        Json.WriteStartObject("properties");
        foreach (var key in shape.Keys)
        {
            Json.WriteStartObject(key.Name);
            Json.WriteString("description", key.Doc);
            key.Shape.WriteSchema(this);
            WriteDefault(key);
            Json.WriteEndObject();
        }

        Json.WriteEndObject();
    }

    /// <summary>An object of ids.</summary>
    public void WriteMap<T>(MapShape<T> shape, ImmutableArray<string> reserved, int minItems)
    {
        Json.WriteString("type", "object");
        if (minItems > 0)
        {
            Json.WriteNumber("minProperties", minItems);
        }

        Json.WriteStartObject("propertyNames");
        Json.WriteString("pattern", $"^{MapShape<T>.IdPattern}$");
        Json.WriteStartObject("not");
        WriteEnum(reserved);
        Json.WriteEndObject();
        Json.WriteEndObject();
        WriteChild("additionalProperties", shape.Item);
    }

    /// <summary>A reference into <c>$defs</c>, which gets the object later.</summary>
    public void WriteReference(string name, IObjectShape shape)
    {
        Json.WriteString("$ref", $"#/$defs/{name}");
        if (_defined.Add(name))
        {
            _pending.Enqueue((name, shape));
        }
    }

    /// <summary>The objects referred to so far, and those they refer to.</summary>
    public void WriteDefinitions()
    {
        Json.WriteStartObject("$defs");
        while (_pending.TryDequeue(out var definition))
        {
            Json.WriteStartObject(definition.Name);
            WriteObject(definition.Shape);
            Json.WriteEndObject();
        }

        Json.WriteEndObject();
    }

    /// <summary>One of these words.</summary>
    public void WriteEnum(IEnumerable<string> words) => WriteStrings("enum", words);

    /// <summary>One of these words, or something else.</summary>
    public void WriteAnyOf(ImmutableArray<string> words, ValueShape other)
    {
        Json.WriteStartArray("anyOf");
        Json.WriteStartObject();
        WriteEnum(words);
        Json.WriteEndObject();
        Json.WriteStartObject();
        other.WriteSchema(this);
        Json.WriteEndObject();
        Json.WriteEndArray();
    }

    /// <summary><c>off</c>, what YAML 1.1 readers make of it, or something else.</summary>
    public void WriteOffOr(ValueShape other)
    {
        Json.WriteStartArray("anyOf");
        Json.WriteStartObject();
        Json.WriteStartArray("enum");
        Json.WriteStringValue("off");
        Json.WriteBooleanValue(false);
        Json.WriteEndArray();
        Json.WriteEndObject();
        Json.WriteStartObject();
        other.WriteSchema(this);
        Json.WriteEndObject();
        Json.WriteEndArray();
    }

    // Defaults of objects are those of their keys: once is enough.
    private void WriteDefault(ConfigurationKey key)
    {
        switch (key.DefaultNode)
        {
            case ScalarNode { Kind: ScalarKind.False, Text: "off" }:
                Json.WriteString("default", "off");
                break;
            case { } node and not ObjectNode:
                Json.WritePropertyName("default");
                CanonicalJson.Write(Json, node);
                break;
            default:
                break;
        }
    }

    private void WriteStrings(string name, IEnumerable<string> texts)
    {
        Json.WriteStartArray(name);
        foreach (var text in texts)
        {
            Json.WriteStringValue(text);
        }

        Json.WriteEndArray();
    }
}
