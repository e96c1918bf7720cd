using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>What the cluster must have, installed or not.</summary>
internal static class ClusterChecks
{
    private const string Kernel = "kernel";
    private const int MaxListed = 5;

    // In this release nf_tables learned to redirect in the inet family, for IPv4 and IPv6 in one table.
    private static readonly KubernetesVersion NftKernel = new(5, 2);

    /// <summary>Is the API server there, and how old is it?</summary>
    public static async Task<(CheckLine Line, KubernetesVersion? Version)> ServerAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        const string what = "API server";
        try
        {
            return await ApiVersion.ReadAsync(scope.Api, cancellationToken) is { } version
                ? (CheckLine.Ok(what, $"{scope.Api.Server}, version {version}"), version)
                : (CheckLine.Fail(what, $"{scope.Api.Server} answers without a version", "is this a Kubernetes API server?"), null);
        }
        catch (ApiException e)
        {
            return (CheckLine.Fail(what, e.Message, e.IsForbidden ? "check the credentials" : "check address, authority and network"), null);
        }
    }

    /// <summary>Does it have the webhooks' API?</summary>
    public static async Task<CheckLine> AdmissionAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        const string what = "admissionregistration.k8s.io/v1";
        using var found = await scope.FindAsync("/apis/admissionregistration.k8s.io/v1", cancellationToken);
        var names = found?.RootElement.Items("resources").Select(static resource => resource.Text("name")).ToList() ?? [];
        return names.Contains("mutatingwebhookconfigurations") && names.Contains("validatingwebhookconfigurations")
            ? CheckLine.Ok(what, "served")
            : CheckLine.Fail(what, "not served", "Kubernetes 1.16 or newer is needed");
    }

    /// <summary>Which form the sidecar has, and can every node write the redirect rules?</summary>
    public static async Task<IReadOnlyList<CheckLine>> NodesAsync(CheckScope scope, KubernetesVersion? version, CancellationToken cancellationToken)
    {
        const string what = "form of the sidecar";
        var nodes = new List<(string Name, NodeFacts Facts, string KernelVersion)>();
        try
        {
            await PagedList.ReadAsync(
                scope.Api,
                ClusterKinds.Nodes.Path,
                query: "",
                pageSize: 100,
                node => nodes.Add((PodFacts.NameOf(node), ClusterKinds.Nodes.Read(node), node.Member("status", "nodeInfo", "kernelVersion").AsText() ?? "")),
                cancellationToken);
        }
        catch (ApiException e) when (e.IsForbidden)
        {
            return
            [
                VersionRule.NeedsNodes(version)
                    ? CheckLine.Warn(what, "plain container: nodes may not be listed", "grant get, list and watch on nodes, or set nativeSidecar")
                    : CheckLine.Ok(what, $"native sidecar: API server {version}"),
                CheckLine.Warn(Kernel, "nodes may not be listed", $"nft needs {NftKernel} or newer on every node"),
            ];
        }

        return [Form(what, version, [.. nodes.Select(static node => (node.Name, node.Facts))]), KernelOf([.. nodes.Where(static node => node.Facts.OperatingSystem != "windows").Select(static node => (node.Name, node.KernelVersion))])];
    }

    private static CheckLine Form(string what, KubernetesVersion? version, IReadOnlyList<(string Name, NodeFacts Facts)> nodes)
    {
        if (VersionRule.IsNative(version, [.. nodes.Select(static node => node.Facts)]))
        {
            return CheckLine.Ok(what, $"native sidecar (API server {version})");
        }

        const string plain = "plain container with a start gate; Jobs must POST /quitquitquit to end";
        if (version < VersionRule.Kubelet)
        {
            return CheckLine.Warn(what, $"{plain}: API server {version} is older than {VersionRule.Kubelet}");
        }

        var old = nodes.Where(static node => !(KubernetesVersion.Parse(node.Facts.KubeletVersion) >= VersionRule.Kubelet)).Select(static node => node.Name).ToList();
        return CheckLine.Warn(what, $"{plain}: {(nodes.Count == 0 ? "there are no nodes" : $"kubelets older than {VersionRule.Kubelet} on {Listed(old)}")}", "upgrade the nodes");
    }

    private static CheckLine KernelOf(IReadOnlyList<(string Name, string Version)> nodes)
    {
        if (nodes.Count == 0)
        {
            return CheckLine.Warn(Kernel, "there are no Linux nodes");
        }

        var old = nodes.Where(static node => !(KubernetesVersion.Parse(node.Version) >= NftKernel)).Select(static node => $"{node.Name} ({node.Version})").ToList();
        return old.Count == 0
            ? CheckLine.Ok(Kernel, $"{NftKernel} or newer on {(nodes.Count == 1 ? "the one Linux node" : $"all {nodes.Count} Linux nodes")}: redirectBackend nft works")
            : CheckLine.Warn(Kernel, $"older than {NftKernel} on {Listed(old)}", "set injector.redirectBackend: iptables");
    }

    /// <summary>The first few of them.</summary>
    internal static string Listed(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(MaxListed)) + (names.Count > MaxListed ? $" and {names.Count - MaxListed} more" : "");
}
