using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Sidecar.Contract;
using Sidecar.Init.Options;

namespace Sidecar.Injector.Injection;

/// <summary>A reason, and what in this pod gave it.</summary>
/// <param name="Reason">One of the closed list.</param>
/// <param name="Detail">Names what to look at; empty when the reason says it all.</param>
public sealed record SkipFinding(SkipReason Reason, string Detail = "");

/// <summary>Step one: may this pod be injected? Rules in order, the first that speaks decides.</summary>
public static class Eligibility
{
    private const string KubeSystem = "kube-system";

    // As Kubernetes labels namespaces and nodes.
    private const string PodSecurityLabel = "pod-security.kubernetes.io/enforce";
    private static readonly ImmutableArray<string> OsLabels = ["kubernetes.io/os", "beta.kubernetes.io/os"];
    private static readonly ImmutableArray<string> OtherProxies = ["istio-proxy", "linkerd-proxy", "daprd", "consul-dataplane", "kuma-sidecar"];
    private static readonly ImmutableArray<string> OwnVolumes = [PodNames.PlatformVolume, PodNames.PoliciesVolume, PodNames.ConfigVolume, PodNames.StateVolume];
    private static readonly ImmutableArray<int> OwnPorts = [Ports.Admin, Ports.Outbound, Ports.Inbound, Ports.Metrics];

    /// <summary>Why not; null when nothing speaks against it.</summary>
    public static SkipFinding? Judge(PodView pod, PodContext context) =>
        JudgeNamespace(context)
        ?? JudgeLabels(pod, context)
        ?? JudgePresence(pod)
        ?? PodShape.Judge(pod)
        ?? JudgePod(pod)
        ?? JudgeContainers(pod);

    /// <summary>Does the namespace refuse the init container? Asked last: without interception there is none.</summary>
    public static SkipFinding? JudgePodSecurity(NamespaceFacts? facts, InjectionSettings settings) =>
        settings.IsIntercepted && facts?.Labels.GetValueOrDefault(PodSecurityLabel) is "baseline" or "restricted"
            ? new SkipFinding(SkipReason.PodSecurity, $"{PodSecurityLabel} is {facts!.Labels[PodSecurityLabel]}; {Annotations.Interception}: none needs no init container")
            : null;

    private static SkipFinding? JudgeNamespace(PodContext context) =>
        context.Namespace == KubeSystem ? new SkipFinding(SkipReason.KubeSystem)
        : context.OwnNamespace is { } own && context.Namespace == own ? new SkipFinding(SkipReason.OwnNamespace)
        : null;

    // The pod wins. Of an unknown namespace the webhook's selector has said that its label is there.
    private static SkipFinding? JudgeLabels(PodView pod, PodContext context)
    {
        var (label, whose) = pod.Labels.TryGetValue(Annotations.Inject, out var own)
            ? (own, "the pod")
            : (context.NamespaceFacts is { } facts ? facts.Labels.GetValueOrDefault(Annotations.Inject) : "enabled", "the namespace");
        return label switch
        {
            "enabled" => null,
            "disabled" => new SkipFinding(SkipReason.OptedOut, $"label {Annotations.Inject} of {whose}"),
            null => new SkipFinding(SkipReason.NotLabelled),
            _ => new SkipFinding(SkipReason.UnknownLabelValue, $"label {Annotations.Inject} of {whose} is {ListText.Quote(label)}"),
        };
    }

    // By the containers, not by the annotation: that can be copied without them.
    private static SkipFinding? JudgePresence(PodView pod) =>
        pod.AllContainers.Any(static container => container.Name is PodNames.ProxyContainer or PodNames.InitContainer)
            ? new SkipFinding(SkipReason.AlreadyInjected)
            : null;

    private static SkipFinding? JudgePod(PodView pod)
    {
        var spec = pod.Spec!;
        var selector = PodView.Texts(spec["nodeSelector"]);
        if (PodView.Text((spec["os"] as JsonObject)?["name"]) == "windows" || OsLabels.Any(label => selector.GetValueOrDefault(label) == "windows"))
        {
            return new SkipFinding(SkipReason.Windows);
        }

        if (PodView.IsTrue(spec["hostNetwork"]))
        {
            return new SkipFinding(SkipReason.HostNetwork);
        }

        return pod.VolumeNames.FirstOrDefault(OwnVolumes.Contains) is { } volume ? new SkipFinding(SkipReason.NameClash, $"volume {volume}") : null;
    }

    private static SkipFinding? JudgeContainers(PodView pod)
    {
        foreach (var container in pod.AllContainers)
        {
            if (OtherProxies.Contains(container.Name))
            {
                return new SkipFinding(SkipReason.OtherMesh, $"container {container.Name}");
            }

            if (IsProxyUser(pod, container))
            {
                return new SkipFinding(SkipReason.UidClash, $"container {container.Name}, user and group {ProxyIdentity.Uid}");
            }

            foreach (var port in container.Ports)
            {
                if (PodView.Number(port["hostPort"]) is > 0 and var hostPort)
                {
                    return new SkipFinding(SkipReason.HostPort, $"container {container.Name}, port {hostPort}");
                }

                if (PodView.Number(port["containerPort"]) is { } number && OwnPorts.Contains((int)number) && (PodView.Text(port["protocol"]) ?? "TCP") == "TCP")
                {
                    return new SkipFinding(SkipReason.PortClash, $"container {container.Name}, port {number}");
                }
            }
        }

        return null;
    }

    // Redirect rules spare sockets that have both. A group that is not written is the image's, which may be any.
    private static bool IsProxyUser(PodView pod, ContainerView container)
    {
        return Id("runAsUser") == ProxyIdentity.Uid && Id("runAsGroup") is null or ProxyIdentity.Gid;

        long? Id(string key) =>
            PodView.Number((container.Root["securityContext"] as JsonObject)?[key]) ?? PodView.Number((pod.Spec!["securityContext"] as JsonObject)?[key]);
    }
}
