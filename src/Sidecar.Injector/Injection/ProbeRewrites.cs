using System.Globalization;
using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Injection;

/// <summary>One probe or hook of the application that the proxy performs from now on.</summary>
/// <param name="Id"><c>container/probe</c>, <see cref="ApplicationProbes"/>.</param>
/// <param name="Path">Where what is replaced stands: the <c>httpGet</c> of a probe or hook, or a whole probe.</param>
/// <param name="Original">What stands there.</param>
/// <param name="Replacement">What will stand there.</param>
/// <param name="Resolved">What the proxy is told: the handler with its port as a number, and the timeout.</param>
public sealed record ProbeRewrite(string Id, JsonPointer Path, JsonObject Original, JsonObject Replacement, JsonObject Resolved)
{
    /// <summary>Is a whole probe replaced, because its handler changes its kind?</summary>
    public bool IsWholeProbe => Path.Segments[^1] != "httpGet";
}

/// <summary>
/// Probes come from the node and would be taken for traffic. Every httpGet, tcpSocket and grpc probe and httpGet hook is pointed
/// to the proxy's metrics port; exec needs none of it. One with a <c>host</c> does not go to this pod and is left alone, and so
/// is one whose port no container declares.
/// </summary>
internal static class ProbeRewrites
{
    private static readonly (string Key, string Name)[] Probes =
    [
        ("livenessProbe", ApplicationProbes.Liveness), ("readinessProbe", ApplicationProbes.Readiness), ("startupProbe", ApplicationProbes.Startup),
    ];

    private static readonly (string Key, string Name)[] Hooks = [("postStart", ApplicationProbes.PostStart), ("preStop", ApplicationProbes.PreStop)];

    /// <summary>All of them.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="isNative">
    /// Init containers that stay have probes too. Only a proxy that starts before them can answer: in the plain form they would
    /// wait for it for ever.
    /// </param>
    public static IEnumerable<ProbeRewrite> Of(PodView pod, bool isNative) => pod.Containers
        .Concat(pod.InitContainers.Where(container => isNative && container.IsSidecar))
        .SelectMany(OfContainer);

    /// <summary>Where the proxy answers for one.</summary>
    public static JsonObject Target(string id) => new() { ["path"] = $"{ApplicationProbes.PathPrefix}{id}", ["port"] = Ports.Metrics };

    private static IEnumerable<ProbeRewrite> OfContainer(ContainerView container)
    {
        foreach (var (key, name) in Probes)
        {
            if (container.Root[key] is JsonObject probe && OfProbe(container, probe, container.Path.Add(key), $"{container.Name}/{name}") is { } rewrite)
            {
                yield return rewrite;
            }
        }

        foreach (var (key, name) in Hooks)
        {
            if ((container.Root["lifecycle"] as JsonObject)?[key] is JsonObject hook
                && Handler(container, hook) is ("httpGet", var original, var resolved))
            {
                var id = $"{container.Name}/{name}";
                yield return new ProbeRewrite(id, container.Path.Add("lifecycle").Add(key).Add("httpGet"), original, Target(id), resolved);
            }
        }
    }

    private static ProbeRewrite? OfProbe(ContainerView container, JsonObject probe, JsonPointer path, string id)
    {
        if (Handler(container, probe) is not var (kind, original, resolved))
        {
            return null;
        }

        if (PodView.Number(probe["timeoutSeconds"]) is { } timeout)
        {
            resolved["timeoutSeconds"] = timeout;
        }

        if (kind == "httpGet")
        {
            return new ProbeRewrite(id, path.Add("httpGet"), original, Target(id), resolved);
        }

        var replacement = new JsonObject();
        foreach (var (key, value) in probe)
        {
            replacement[key == kind ? "httpGet" : key] = key == kind ? Target(id) : value?.DeepClone();
        }

        return new ProbeRewrite(id, path, probe, replacement, resolved);
    }

    // Exactly one handler, of a kind that can be performed from outside the container.
    private static (string Kind, JsonObject Original, JsonObject Resolved)? Handler(ContainerView container, JsonObject probe)
    {
        (string, JsonObject, JsonObject)? found = null;
        foreach (var kind in (ReadOnlySpan<string>)["httpGet", "tcpSocket", "grpc"])
        {
            if (probe[kind] is not JsonObject handler)
            {
                continue;
            }

            if (found is not null || PodView.Text(handler["host"]) is { Length: > 0 } || Port(container, handler["port"]) is not { } port)
            {
                return null;
            }

            var resolved = (JsonObject)handler.DeepClone();
            resolved["port"] = port;
            found = (kind, handler, new JsonObject { [kind] = resolved });
        }

        return found;
    }

    private static int? Port(ContainerView container, JsonNode? port)
    {
        // The kubelet looks for the name first and takes it for a number only then.
        var number = PodView.Text(port) is { } name
            ? container.Ports.Where(declared => PodView.Text(declared["name"]) == name).Select(static declared => PodView.Number(declared["containerPort"])).FirstOrDefault()
                ?? (long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var written) ? written : null)
            : PodView.Number(port);
        return number is > 0 and <= 65535 ? (int)number : null;
    }
}
