namespace Sidecar.Helm.Tests.Generated;

/// <summary>values.yaml, its comments and its schema name the same keys.</summary>
public class ValuesTests
{
    public static TheoryData<string> Charts => [.. ChartVariant.Charts];

    [Theory]
    [MemberData(nameof(Charts))]
    public void Values_EveryKey_IsDescribed(string chart)
    {
        var yaml = Repository.Read("helm", chart, "values.yaml");
        var described = ValuesReference.Read(yaml).Select(static entry => entry.Path).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(Undescribed(YamlText.Read(yaml)!.AsObject(), "", described));
    }

    [Theory]
    [MemberData(nameof(Charts))]
    public void Schema_EveryKey_IsInValues(string chart)
    {
        var schema = JsonNode.Parse(Repository.Read("helm", chart, "values.schema.json"))!;
        var values = YamlText.Read(Repository.Read("helm", chart, "values.yaml"))!.AsObject();

        // What a parent chart passes, and what the chart writes itself.
        Assert.Empty(Missing(schema, values, "").Except(["global", "version"]));
    }

    [Theory]
    [MemberData(nameof(Charts))]
    public void Schema_EveryObject_IsClosed(string chart)
    {
        var schema = JsonNode.Parse(Repository.Read("helm", chart, "values.schema.json"))!;

        Assert.Empty(Open(schema, "#"));
    }

    private static IEnumerable<string> Undescribed(JsonObject values, string prefix, HashSet<string> described) =>
        from pair in values
        let path = prefix + pair.Key
        where !described.Contains(path)
        from problem in pair.Value is JsonObject { Count: > 0 } section ? Undescribed(section, path + ".", described) : [path]
        select problem;

    private static IEnumerable<string> Missing(JsonNode schema, JsonObject values, string prefix)
    {
        foreach (var (name, member) in schema["properties"]!.AsObject())
        {
            if (!values.TryGetPropertyValue(name, out var value))
            {
                yield return prefix + name;
            }
            else if (member!["properties"] is not null && value is JsonObject { Count: > 0 } section)
            {
                foreach (var missing in Missing(member, section, $"{prefix}{name}."))
                {
                    yield return missing;
                }
            }
        }
    }

    private static IEnumerable<string> Open(JsonNode? node, string path) => node switch
    {
        JsonObject schema => (schema["properties"] is JsonObject && schema["additionalProperties"]?.ToJsonString() != "false" ? [path] : Array.Empty<string>())
            .Concat(schema.SelectMany(member => Open(member.Value, $"{path}/{member.Key}"))),
        JsonArray list => list.SelectMany((item, index) => Open(item, $"{path}/{index}")),
        _ => [],
    };
}
