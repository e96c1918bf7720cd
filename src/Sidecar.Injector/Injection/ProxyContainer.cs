using System.Globalization;
using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Injection;

/// <summary>The proxy's container.</summary>
internal static class ProxyContainer
{
    // exec hooks name a program, not an image's entry point.
    private const string Program = "/usr/local/bin/sidecar-proxy";

    // "sidecar-metrics" has exactly the 15 characters that a port's name may have.
    private const string PortName = "sidecar-metrics";

    // Two minutes for a proxy that starts in a tenth of a second: a node that is that slow has other problems.
    private const int StartupAttempts = 120;

    /// <summary>Builds it.</summary>
    public static JsonObject Of(SidecarForm form, JsonObject applicationProbes)
    {
        var container = new JsonObject
        {
            ["name"] = PodNames.ProxyContainer,
            ["image"] = form.Injector.ProxyImage,
            ["imagePullPolicy"] = form.Injector.PullPolicy,
            ["args"] = new JsonArray([.. Arguments(form).Select(static argument => (JsonNode)argument)]),
            ["env"] = ProxyEnvironment.Of(form.Injector, form.Workload, applicationProbes),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = PortName, ["containerPort"] = Ports.Metrics, ["protocol"] = "TCP" }),
            ["readinessProbe"] = Probe("/readyz", periodSeconds: 5, failureThreshold: 3),
            ["livenessProbe"] = Probe("/livez", periodSeconds: 10, failureThreshold: 3),
            ["lifecycle"] = Lifecycle(form),
            ["resources"] = SidecarResources.OfProxy(form),
            ["securityContext"] = SecurityContext(),
            ["terminationMessagePolicy"] = "FallbackToLogsOnError",
            ["volumeMounts"] = SidecarVolumes.Mounts(form.Settings),
        };
        if (form.IsNative)
        {
            // What makes it a sidecar: it is started before the next init container and stopped after the last container.
            container["restartPolicy"] = "Always";
            container["startupProbe"] = Probe("/readyz", periodSeconds: 1, StartupAttempts);
        }

        return container;
    }

    // Every value is a number, a word of ours or a list of numbers: nothing of an annotation is copied.
    private static IEnumerable<string> Arguments(SidecarForm form)
    {
        yield return "run";
        if (form.Settings.IsIntercepted)
        {
            yield return "--pod";
        }

        string[] paths = form.Settings.ConfigMap is null
            ? [PodNames.PlatformPath, PodNames.PoliciesPath]
            : [PodNames.PlatformPath, PodNames.PoliciesPath, PodNames.ConfigPath];
        foreach (var path in paths)
        {
            yield return "--config-optional";
            yield return $"{path}/{PodNames.DocumentKey}";
        }

        yield return "--state-dir";
        yield return PodNames.StatePath;
        yield return "--on-invalid";
        yield return "last-good";
        yield return "--set";
        yield return $"/shutdown.grace={Seconds(form.GraceSeconds)}";
        if (form.Settings.LogLevel is { } level)
        {
            yield return "--set";
            yield return $"/telemetry.logLevel={level}";
        }

        if (form.Settings.OpaquePorts is { } ports)
        {
            yield return "--set";
            yield return $"/interception.opaquePorts=[{string.Join(',', ports)}]";
        }
    }

    private static JsonObject Lifecycle(SidecarForm form)
    {
        // The drain itself ends a second before this, by the same clock (shutdown.grace): a drain that ends by its deadline is
        // no failed hook.
        var lifecycle = new JsonObject { ["preStop"] = Exec("drain", "--timeout", Seconds(Math.Max(1, form.GraceSeconds))) };
        if (!form.IsNative)
        {
            // The kubelet starts containers in order, and waits for this before the next.
            lifecycle["postStart"] = Exec("wait", "--timeout", "60s");
        }

        return lifecycle;
    }

    private static JsonObject Exec(params ReadOnlySpan<string> arguments)
    {
        JsonArray command = [(JsonNode)Program];
        foreach (var argument in arguments)
        {
            command.Add((JsonNode)argument);
        }

        return new JsonObject { ["exec"] = new JsonObject { ["command"] = command } };
    }

    private static JsonObject Probe(string path, int periodSeconds, int failureThreshold) => new()
    {
        ["httpGet"] = new JsonObject { ["path"] = path, ["port"] = Ports.Metrics },
        ["periodSeconds"] = periodSeconds,
        ["failureThreshold"] = failureThreshold,
    };

    // Within the Pod Security level "restricted". The user is what redirect rules spare.
    private static JsonObject SecurityContext() => new()
    {
        ["runAsUser"] = ProxyIdentity.Uid,
        ["runAsGroup"] = ProxyIdentity.Gid,
        ["runAsNonRoot"] = true,
        ["allowPrivilegeEscalation"] = false,
        ["readOnlyRootFilesystem"] = true,
        ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
        ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
    };

    private static string Seconds(long seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds}s");
}
