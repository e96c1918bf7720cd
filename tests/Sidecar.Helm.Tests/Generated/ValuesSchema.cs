using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sidecar.Configuration;

namespace Sidecar.Helm.Tests.Generated;

/// <summary>
/// The values' schemas as far as they are made from the document's (<c>sidecar-proxy schema</c>): Helm 3's checker reads
/// draft 7 and Go's patterns, so its definitions move, and the version need not be written.
/// </summary>
internal static partial class ValuesSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Chart sidecar: the schema that stands there, with definitions that are made anew.</summary>
    public static string ForPlatform(string standing)
    {
        var schema = JsonNode.Parse(standing)!.AsObject();
        schema["definitions"] = Definitions();
        return Text(schema);
    }

    /// <summary>Chart sidecar-policies: the values are the document itself.</summary>
    public static string ForPolicies()
    {
        var definitions = Definitions();
        var properties = definitions["document"]!["properties"]!.DeepClone().AsObject();
        properties["global"] = new JsonObject { ["description"] = "What a parent chart passes to all its charts; not used here.", ["type"] = "object" };
        definitions.Remove("document");
        return Text(new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "Values of chart sidecar-policies",
            ["description"] = "The configuration document, from `sidecar-proxy schema`: helm/generate.sh. Closed: an unknown key is an error.",
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = properties,
            ["definitions"] = definitions,
        });
    }

    private static JsonObject Definitions()
    {
        var text = ConfigurationSchema.Write().Replace("#/$defs/", "#/definitions/", StringComparison.Ordinal);
        // \u001f is unknown to Go's patterns; \x1f is known to both. In JSON the backslash is written twice.
        text = UnicodeEscape().Replace(text, @"\\x$1");
        var document = Rewrite(JsonNode.Parse(text))!.AsObject();
        var definitions = document["$defs"]!.DeepClone().AsObject();
        foreach (var key in new[] { "$schema", "$defs", "title" })
        {
            document.Remove(key);
        }

        var required = document["required"]!.AsArray();
        required.Remove(required.Single(name => name!.GetValue<string>() == "version"));
        if (required.Count == 0)
        {
            document.Remove("required");
        }

        var result = new JsonObject { ["document"] = document };
        foreach (var (name, schema) in definitions)
        {
            result[name] = schema!.DeepClone();
        }

        return result;
    }

    // "Off, or this": Helm's checker would say only "must be off" of a mistake inside of this. Written as "if it is not
    // off, this", the same values are good and the mistake itself is named.
    private static JsonNode? Rewrite(JsonNode? node) => node switch
    {
        JsonObject schema when schema["anyOf"] is JsonArray { Count: 2 } choices && choices[0] is JsonObject { Count: 1 } words && words.ContainsKey("enum") => new JsonObject(
            [
                .. schema.Where(static member => member.Key != "anyOf").Select(Copy),
                KeyValuePair.Create("if", (JsonNode?)words.DeepClone()),
                KeyValuePair.Create("else", Rewrite(choices[1])),
            ]),
        JsonObject schema => new JsonObject(schema.Select(static member => KeyValuePair.Create(member.Key, Rewrite(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Rewrite)]),
        _ => node?.DeepClone(),
    };

    private static KeyValuePair<string, JsonNode?> Copy(KeyValuePair<string, JsonNode?> member) => KeyValuePair.Create(member.Key, member.Value?.DeepClone());

    private static string Text(JsonObject schema) => schema.ToJsonString(Indented) + "\n";

    [GeneratedRegex(@"\\\\u00([0-9a-f]{2})")]
    private static partial Regex UnicodeEscape();
}
