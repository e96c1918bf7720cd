using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Injection;

/// <summary>The init container that writes the redirect rules.</summary>
internal static class InitContainer
{
    /// <summary>Builds it.</summary>
    public static JsonObject Of(SidecarForm form) => new()
    {
        ["name"] = PodNames.InitContainer,
        ["image"] = form.Injector.InitImage,
        ["imagePullPolicy"] = form.Injector.PullPolicy,
        ["args"] = new JsonArray("apply"),
        ["env"] = Environment(form),
        ["resources"] = SidecarResources.OfInit(form),
        ["securityContext"] = SecurityContext(),
        ["terminationMessagePolicy"] = "FallbackToLogsOnError",
    };

    // The texts are what sidecar-init's own reader makes of the annotation: digits, dots, colons, slashes, dashes and commas.
    private static JsonArray Environment(SidecarForm form)
    {
        JsonArray environment = [(JsonNode)ProxyEnvironment.Value(EnvironmentVariables.RedirectBackend, form.Injector.RedirectBackend)];
        foreach (var (name, value) in new[]
        {
            (EnvironmentVariables.SkipOutboundPorts, form.Settings.SkipOutboundPorts.ToString()),
            (EnvironmentVariables.SkipInboundPorts, form.Settings.SkipInboundPorts.ToString()),
            (EnvironmentVariables.SkipOutboundCidrs, form.Settings.SkipOutboundCidrs.ToString()),
        })
        {
            if (value.Length > 0)
            {
                environment.Add((JsonNode)ProxyEnvironment.Value(name, value));
            }
        }

        return environment;
    }

    // Root, because Kubernetes grants no ambient capabilities; said explicitly, because a pod-level runAsNonRoot would stop it.
    private static JsonObject SecurityContext() => new()
    {
        ["runAsUser"] = 0,
        ["runAsGroup"] = 0,
        ["runAsNonRoot"] = false,
        ["allowPrivilegeEscalation"] = false,
        ["readOnlyRootFilesystem"] = true,
        ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL"), ["add"] = new JsonArray("NET_ADMIN", "NET_RAW") },
        ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
    };
}
