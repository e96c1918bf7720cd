using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Injection;

/// <summary>
/// The proxy's environment. Kubernetes replaces <c>$(NAME)</c> in values: only the settings file may use it, and only for the
/// variables here. What comes from a pod has no dollar sign left when it arrives here.
/// </summary>
internal static class ProxyEnvironment
{
    /// <summary>The pod's name; for OpenTelemetry's resource.</summary>
    public const string PodName = "SIDECAR_POD_NAME";

    /// <summary>The node's address; for a collector on each node.</summary>
    public const string NodeAddress = "SIDECAR_NODE_ADDRESS";

    private const string ResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";

    /// <summary>What values of the settings file may refer to.</summary>
    public static ImmutableArray<string> References { get; } = [EnvironmentVariables.Namespace, PodName, NodeAddress];

    /// <summary>The first reference in a value that means nothing.</summary>
    public static string? UnknownReference(string value)
    {
        for (var at = value.IndexOf("$(", StringComparison.Ordinal); at >= 0; at = value.IndexOf("$(", at + 2, StringComparison.Ordinal))
        {
            var end = value.IndexOf(')', at);
            var name = value[(at + 2)..(end < 0 ? value.Length : end)];
            if (!References.Contains(name))
            {
                return $"$({name})";
            }
        }

        return null;
    }

    /// <summary>The list of a container; references first, since only what stands before can be referred to.</summary>
    public static JsonArray Of(InjectorSettings settings, Workload? workload, JsonObject applicationProbes)
    {
        JsonArray environment =
        [
            (JsonNode)FromField(EnvironmentVariables.Namespace, "metadata.namespace"),
            (JsonNode)FromField(PodName, "metadata.name"),
        ];
        if (settings.Environment.Any(static variable => variable.Value.Contains($"$({NodeAddress})", StringComparison.Ordinal)))
        {
            environment.Add((JsonNode)FromField(NodeAddress, "status.hostIP"));
        }

        if (!settings.Environment.Any(static variable => variable.Key == ResourceAttributes))
        {
            environment.Add((JsonNode)Value(
                ResourceAttributes,
                $"k8s.namespace.name=$({EnvironmentVariables.Namespace}),k8s.pod.name=$({PodName}){(workload is null ? "" : $",{workload.ResourceAttribute}")}"));
        }

        foreach (var (name, value) in settings.Environment)
        {
            environment.Add((JsonNode)Value(name, value));
        }

        if (applicationProbes.Count > 0)
        {
            environment.Add((JsonNode)Value(EnvironmentVariables.ApplicationProbes, PlainJson.Write(applicationProbes)));
        }

        return environment;
    }

    /// <summary>A variable.</summary>
    public static JsonObject Value(string name, string value) => new() { ["name"] = name, ["value"] = value };

    private static JsonObject FromField(string name, string field) =>
        new() { ["name"] = name, ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = field } } };
}
