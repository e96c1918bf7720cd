namespace Sidecar.Helm.Tests.Harness;

/// <summary>One rendered object.</summary>
internal sealed record Manifest(JsonObject Node)
{
    public string Kind => Text("kind");

    public string Type => $"{Text("apiVersion")}/{Kind}";

    public string Name => Text("metadata", "name");

    public string? Namespace => Node["metadata"]?["namespace"]?.GetValue<string>();

    public string? Label(string name) => Node["metadata"]?["labels"]?[name]?.GetValue<string>();

    public override string ToString() => $"{Type} {Namespace}/{Name}";

    public static IReadOnlyList<Manifest> ReadAll(string text) =>
        [.. YamlText.ReadAll(text).OfType<JsonObject>().Select(static node => new Manifest(node))];

    public string Text(params string[] path) => At(path)!.GetValue<string>();

    public JsonNode? At(params string[] path) => path.Aggregate((JsonNode?)Node, static (node, key) => node is JsonArray list ? list[int.Parse(key)] : node?[key]);
}
