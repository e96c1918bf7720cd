using System.Text.Json.Nodes;

namespace Sidecar.Cluster.Tests.Topology;

/// <summary>What the API server answered to the creation of an object.</summary>
/// <param name="Object">As it was stored, or would be; null when it was refused.</param>
/// <param name="Said">Warnings, or the refusal.</param>
public sealed record Admitted(JsonNode? Object, string Said)
{
    /// <summary>Names of the containers, in their order.</summary>
    public IReadOnlyList<string> Containers => Names("containers");

    /// <summary>Names of the init containers, in their order.</summary>
    public IReadOnlyList<string> InitContainers => Names("initContainers");

    /// <summary>Has it a container of this name, of either kind?</summary>
    public bool Has(string container) => Containers.Concat(InitContainers).Contains(container, StringComparer.Ordinal);

    /// <summary>Reads what kubectl printed.</summary>
    public static Admitted From(CommandResult result) =>
        new(result.ExitCode == 0 ? JsonNode.Parse(result.Output) : null, result.Error);

    private string[] Names(string key) =>
        (Object?["spec"]?[key] as JsonArray)?.Select(container => (string)container!["name"]!).ToArray() ?? [];
}
