using System.Text.Json.Nodes;
using Sidecar.Contract;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Tests.Injection;

/// <summary>What a patch may never do, whatever the pod says.</summary>
internal static class Privileges
{
    private static readonly string[] InitCapabilities = ["NET_ADMIN", "NET_RAW"];

    /// <summary>Compares a pod before and after.</summary>
    public static void AssertNoneGained(JsonObject before, JsonObject after, InjectorSettings settings)
    {
        Assert.Equal(Rest(before, "metadata", "spec"), Rest(after, "metadata", "spec"));
        Assert.Equal(Rest(before["metadata"] as JsonObject, "annotations"), Rest(after["metadata"] as JsonObject, "annotations"));
        var (was, now) = (before["spec"]!.AsObject(), after["spec"]!.AsObject());
        Assert.Equal(Rest(was, "containers", "initContainers", "volumes"), Rest(now, "containers", "initContainers", "volumes"));
        foreach (var list in (string[])["containers", "initContainers"])
        {
            var own = PodView.Items(now[list]).Where(static container => Name(container) is not (PodNames.ProxyContainer or PodNames.InitContainer)).ToArray();
            Assert.Equal(PodView.Items(was[list]).Select(WithoutProbes), own.Select(WithoutProbes));
        }

        var ours = PodView.Items(now["containers"]).Concat(PodView.Items(now["initContainers"]))
            .Where(static container => Name(container) is PodNames.ProxyContainer or PodNames.InitContainer).ToArray();
        Assert.InRange(ours.Length, 1, 2);
        Assert.All(ours, container => AssertOurs(container, settings));
        var added = PodView.Items(now["volumes"]).Skip(PodView.Items(was["volumes"]).Count()).ToArray();
        Assert.All(added, static volume => Assert.True(volume.Count == 2 && (volume["configMap"] is JsonObject || volume["emptyDir"] is JsonObject), volume.ToJsonString()));
        Assert.All(added.Where(static volume => volume["configMap"] is not null), static volume => Assert.Matches("^[a-z0-9.-]+$", PodView.Text(volume["configMap"]!["name"])));
    }

    private static void AssertOurs(JsonObject container, InjectorSettings settings)
    {
        var isInit = Name(container) == PodNames.InitContainer;
        var security = container["securityContext"]!.AsObject();
        Assert.Equal(isInit ? settings.InitImage : settings.ProxyImage, PodView.Text(container["image"]));
        Assert.Equal(isInit ? 0 : ProxyIdentity.Uid, PodView.Number(security["runAsUser"]));
        Assert.Equal("false", security["allowPrivilegeEscalation"]!.ToJsonString());
        Assert.Equal("true", security["readOnlyRootFilesystem"]!.ToJsonString());
        Assert.Equal("[\"ALL\"]", security["capabilities"]!["drop"]!.ToJsonString());
        Assert.Equal(isInit ? InitCapabilities : [], (security["capabilities"]!["add"] as JsonArray ?? []).Select(static capability => PodView.Text(capability)!));
        Assert.False(security.ContainsKey("privileged"));

        // Words of ours, numbers and lists of numbers: nothing that a shell, a rule or a reference could be made of.
        Assert.All(container["args"]!.AsArray(), static argument => Assert.Matches("^[A-Za-z0-9/._=,\\[\\]-]+$", PodView.Text(argument)));
        foreach (var variable in PodView.Items(container["env"]))
        {
            var (name, value) = (Name(variable), PodView.Text(variable["value"]));
            if (name.StartsWith("SIDECAR_INIT_", StringComparison.Ordinal))
            {
                Assert.Matches("^[0-9a-z.:/,-]*$", value);
            }
            else if (name == EnvironmentVariables.ApplicationProbes)
            {
                Assert.DoesNotContain('$', value!);
            }
            else if (name == "OTEL_RESOURCE_ATTRIBUTES" && settings.Environment.IsEmpty)
            {
                Assert.Matches(@"^k8s\.namespace\.name=\$\(SIDECAR_NAMESPACE\),k8s\.pod\.name=\$\(SIDECAR_POD_NAME\)(,k8s\.[a-z]+\.name=[a-z0-9.-]+)?$", value);
            }
        }
    }

    private static string Name(JsonObject named) => PodView.Text(named["name"]) ?? "";

    private static string Rest(JsonObject? node, params string[] without)
    {
        var copy = (JsonObject?)node?.DeepClone() ?? [];
        foreach (var key in without)
        {
            copy.Remove(key);
        }

        return copy.ToJsonString();
    }

    // A rewritten handler is the only thing about a container that may differ.
    private static string WithoutProbes(JsonObject container)
    {
        var copy = (JsonObject)container.DeepClone();
        foreach (var probe in (JsonObject?[])[Member(copy, "livenessProbe"), Member(copy, "readinessProbe"), Member(copy, "startupProbe"), Member(Member(copy, "lifecycle"), "postStart"), Member(Member(copy, "lifecycle"), "preStop")])
        {
            foreach (var handler in (string[])["httpGet", "tcpSocket", "grpc"])
            {
                probe?.Remove(handler);
            }
        }

        return copy.ToJsonString();
    }

    private static JsonObject? Member(JsonObject? node, string key) => node?[key] as JsonObject;
}
