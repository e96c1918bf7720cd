using System.Text.Json.Nodes;

namespace Sidecar.Injector.Injection;

/// <summary>What a pod belongs to.</summary>
/// <param name="Kind">Deployment, StatefulSet, …</param>
/// <param name="Name">Its name: DNS-1123, so it may stand in an attribute list.</param>
public sealed record Workload(string Kind, string Name)
{
    /// <summary>As OpenTelemetry's semantic conventions name it.</summary>
    public string ResourceAttribute => $"k8s.{Kind.ToLowerInvariant()}.name={Name}";

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.ToLowerInvariant()}/{Name}";

    /// <summary>The workload, unless its name is no name: it comes with the pod and anybody may have written it.</summary>
    public static Workload? Of(string? kind, string? name) =>
        kind is "Deployment" or "ReplicaSet" or "ReplicationController" or "StatefulSet" or "DaemonSet" or "Job" or "CronJob" && DnsName.IsSubdomain(name)
            ? new Workload(kind, name!)
            : null;

    /// <summary>What created a pod, from its owner references. A Deployment's pod is owned by a ReplicaSet whose name ends in a hash that is a label of the pod.</summary>
    public static Workload? OwnerOf(PodView pod)
    {
        var owner = PodView.Items(pod.Metadata?["ownerReferences"]).FirstOrDefault(static reference => PodView.IsTrue(reference["controller"]));
        var workload = Of(PodView.Text(owner?["kind"]), PodView.Text(owner?["name"]));
        return workload is { Kind: "ReplicaSet" }
            && pod.Labels.TryGetValue("pod-template-hash", out var hash)
            && hash.Length > 0
            && workload.Name.EndsWith($"-{hash}", StringComparison.Ordinal)
            && Of("Deployment", workload.Name[..^(hash.Length + 1)]) is { } deployment
                ? deployment
                : workload;
    }
}
