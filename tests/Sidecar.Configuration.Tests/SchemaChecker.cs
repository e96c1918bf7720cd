using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sidecar.Configuration.Tests;

/// <summary>The keywords of JSON Schema 2020-12 that our schema uses, and an error for any other.</summary>
internal sealed class SchemaChecker(JsonObject root)
{
    /// <summary>Null when the value satisfies the schema, else the first reason why not.</summary>
    public string? Check(JsonNode? value) => Check(root, value, "");

    private string? Check(JsonObject schema, JsonNode? value, string path)
    {
        foreach (var (keyword, argument) in schema)
        {
            if (Check(schema, keyword, argument!, value, path) is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    private string? Check(JsonObject schema, string keyword, JsonNode argument, JsonNode? value, string path)
    {
        var isGood = keyword switch
        {
            "$schema" or "$defs" or "title" or "description" or "default" => true,
            "type" => argument is JsonArray types ? types.Any(type => HasType(value, type!.GetValue<string>())) : HasType(value, argument.GetValue<string>()),
            "enum" => argument.AsArray().Any(allowed => JsonNode.DeepEquals(allowed, value)),
            "pattern" => value is not JsonValue text || !HasType(text, "string") || Regex.IsMatch(text.GetValue<string>(), argument.GetValue<string>(), RegexOptions.ECMAScript),
            "minLength" => !HasType(value, "string") || value!.GetValue<string>().Length >= argument.GetValue<int>(),
            "minimum" => !HasType(value, "number") || value!.GetValue<double>() >= argument.GetValue<double>(),
            "maximum" => !HasType(value, "number") || value!.GetValue<double>() <= argument.GetValue<double>(),
            "minItems" => value is not JsonArray list || list.Count >= argument.GetValue<int>(),
            "uniqueItems" => value is not JsonArray list || list.Select(item => item!.ToJsonString()).Distinct().Count() == list.Count,
            "minProperties" => value is not JsonObject map || map.Count >= argument.GetValue<int>(),
            "required" => value is not JsonObject map || argument.AsArray().All(key => map.ContainsKey(key!.GetValue<string>())),
            "not" => Check(argument.AsObject(), value, path) is not null,
            "anyOf" => argument.AsArray().Any(choice => Check(choice!.AsObject(), value, path) is null),
            "oneOf" => argument.AsArray().Count(choice => Check(choice!.AsObject(), value, path) is null) == 1,
            "$ref" or "items" or "properties" or "propertyNames" or "additionalProperties" => true,
            _ => throw new NotSupportedException(keyword),
        };
        if (!isGood)
        {
            return $"{path}: {value?.ToJsonString()} against {keyword} {argument.ToJsonString()}";
        }

        return keyword switch
        {
            "$ref" => Check(Resolve(argument.GetValue<string>()), value, path),
            "items" when value is JsonArray list => First(list, (item, index) => Check(argument.AsObject(), item, $"{path}[{index}]")),
            "properties" when value is JsonObject map => First(
                map.Where(member => argument.AsObject().ContainsKey(member.Key)), (member, _) => Check(argument[member.Key]!.AsObject(), member.Value, $"{path}.{member.Key}")),
            "propertyNames" when value is JsonObject map => First(map, (member, _) => Check(argument.AsObject(), JsonValue.Create(member.Key), path)),
            "additionalProperties" when value is JsonObject map => First(
                map.Where(member => schema["properties"]?.AsObject().ContainsKey(member.Key) != true),
                (member, _) => argument is JsonObject other ? Check(other, member.Value, $"{path}.{member.Key}") : $"{path}: key {member.Key} is not allowed"),
            _ => null,
        };
    }

    private JsonObject Resolve(string reference) =>
        reference.Split('/').Skip(1).Aggregate((JsonNode)root, (node, key) => node[key] ?? throw new KeyNotFoundException(reference)).AsObject();

    private static string? First<T>(IEnumerable<T> items, Func<T, int, string?> check) => items.Select(check).FirstOrDefault(reason => reason is not null);

    private static bool HasType(JsonNode? value, string type) => (value?.GetValueKind() ?? System.Text.Json.JsonValueKind.Null) switch
    {
        System.Text.Json.JsonValueKind.Object => type == "object",
        System.Text.Json.JsonValueKind.Array => type == "array",
        System.Text.Json.JsonValueKind.String => type == "string",
        System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => type == "boolean",
        System.Text.Json.JsonValueKind.Number => type == "number" || (type == "integer" && double.IsInteger(value!.GetValue<double>())),
        _ => type == "null",
    };
}
