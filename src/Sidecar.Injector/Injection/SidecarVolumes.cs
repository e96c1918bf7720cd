using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Injection;

/// <summary>Volumes of the proxy: ConfigMaps of the pod's own namespace, all optional, and a place for its state. Nothing else can be mounted.</summary>
internal static class SidecarVolumes
{
    // The last accepted document, at most 1 MiB of it per source.
    private const string StateSize = "8Mi";

    /// <summary>For <c>spec.volumes</c>.</summary>
    public static IReadOnlyList<JsonObject> Of(InjectionSettings settings)
    {
        List<JsonObject> volumes = [ConfigMap(PodNames.PlatformVolume, PodNames.PlatformConfigMap), ConfigMap(PodNames.PoliciesVolume, PodNames.PoliciesConfigMap)];
        if (settings.ConfigMap is { } name)
        {
            volumes.Add(ConfigMap(PodNames.ConfigVolume, name));
        }

        volumes.Add(new JsonObject { ["name"] = PodNames.StateVolume, ["emptyDir"] = new JsonObject { ["sizeLimit"] = StateSize } });
        return volumes;
    }

    /// <summary>For the proxy's <c>volumeMounts</c>.</summary>
    public static JsonArray Mounts(InjectionSettings settings)
    {
        JsonArray mounts = [(JsonNode)ReadOnly(PodNames.PlatformVolume, PodNames.PlatformPath), (JsonNode)ReadOnly(PodNames.PoliciesVolume, PodNames.PoliciesPath)];
        if (settings.ConfigMap is not null)
        {
            mounts.Add((JsonNode)ReadOnly(PodNames.ConfigVolume, PodNames.ConfigPath));
        }

        mounts.Add((JsonNode)new JsonObject { ["name"] = PodNames.StateVolume, ["mountPath"] = PodNames.StatePath });
        return mounts;
    }

    // A missing ConfigMap means no routes, not a pod that does not start.
    private static JsonObject ConfigMap(string volume, string name) =>
        new() { ["name"] = volume, ["configMap"] = new JsonObject { ["name"] = name, ["optional"] = true } };

    // The directory, not a subPath of it: the kubelet updates only the former.
    private static JsonObject ReadOnly(string volume, string path) => new() { ["name"] = volume, ["mountPath"] = path, ["readOnly"] = true };
}
