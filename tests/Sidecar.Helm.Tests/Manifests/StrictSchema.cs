namespace Sidecar.Helm.Tests.Manifests;

/// <summary>
/// What an API server with <c>fieldValidation=Strict</c> refuses: unknown kinds and fields, wrong types, missing fields.
/// From tests/helm/kubernetes-1.34.json (tests/helm/trim-openapi.py made it of a server's own schema) and custom-resources.json.
/// </summary>
internal sealed class StrictSchema
{
    private const string Prefix = "#/definitions/";

    // Their schema says string, and their readers take a number or a string.
    private const string IntOrString = "int-or-string";

    private readonly JsonObject _schemas;

    private StrictSchema(string file) => _schemas = YamlText.Read(Repository.Read("tests", "helm", file))!.AsObject();

    public static StrictSchema Kubernetes { get; } = new("kubernetes-1.34.json");

    public static StrictSchema CustomResources { get; } = new("custom-resources.json");

    /// <summary>Every problem of an object, by either schema that knows its kind.</summary>
    public static IEnumerable<string> Problems(JsonObject manifest)
    {
        var type = $"{manifest["apiVersion"]}/{manifest["kind"]}";
        foreach (var schema in new[] { Kubernetes, CustomResources })
        {
            if (schema._schemas["kinds"]![type] is { } reference)
            {
                return schema.Check(schema.Resolve(reference.GetValue<string>()), manifest, "");
            }
        }

        return [$"unknown kind {type}"];
    }

    private IEnumerable<string> Check(JsonNode schema, JsonNode? value, string path)
    {
        if (schema["$ref"] is { } reference)
        {
            return Check(Resolve(reference.GetValue<string>()), value, path);
        }

        if (!HasType(schema, value))
        {
            return [$"{path}: {value?.ToJsonString() ?? "null"} is not {schema["type"]} {schema["format"]}"];
        }

        if (schema["enum"] is JsonArray allowed && !allowed.Any(one => JsonNode.DeepEquals(one, value)))
        {
            return [$"{path}: {value?.ToJsonString()} is none of {allowed.ToJsonString()}"];
        }

        return value switch
        {
            JsonArray list when schema["items"] is { } items => list.SelectMany((item, index) => Check(items, item, $"{path}[{index}]")),
            JsonObject map => CheckMap(schema, map, path),
            _ => [],
        };
    }

    private IEnumerable<string> CheckMap(JsonNode schema, JsonObject map, string path)
    {
        var properties = schema["properties"] as JsonObject;
        foreach (var required in schema["required"]?.AsArray() ?? [])
        {
            if (!map.ContainsKey(required!.GetValue<string>()))
            {
                yield return $"{path}: {required} is missing";
            }
        }

        foreach (var (name, member) in map)
        {
            // An object without any word about its members may have all (JSON kept as it is).
            var of = properties?[name] ?? schema["additionalProperties"];
            if (of is null && properties is null)
            {
                continue;
            }

            foreach (var problem in of is null ? [$"{path}.{name}: unknown field"] : Check(of, member, $"{path}.{name}"))
            {
                yield return problem;
            }
        }
    }

    private static bool HasType(JsonNode schema, JsonNode? value) => schema["type"]?.GetValue<string>() switch
    {
        "string" when schema["format"]?.GetValue<string>() == IntOrString => IsText(value) || IsInteger(value),
        "string" => IsText(value),
        "integer" => IsInteger(value),
        "number" => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number,
        "boolean" => value?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
        "array" => value is JsonArray,
        "object" => value is JsonObject,
        _ => true,
    };

    private static bool IsText(JsonNode? value) => value?.GetValueKind() == System.Text.Json.JsonValueKind.String;

    private static bool IsInteger(JsonNode? value) => value is JsonValue number && number.TryGetValue<long>(out _);

    private JsonNode Resolve(string reference) => _schemas["definitions"]![reference[Prefix.Length..]]!;
}
