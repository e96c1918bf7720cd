using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration.Validation;

/// <summary>Combinations within one cluster.</summary>
internal static class ClusterRules
{
    /// <summary>Reports what cannot be, and what is probably not meant.</summary>
    public static void Check(ObjectView view, ClusterConfiguration cluster, ProblemList problems)
    {
        CheckSource(view, cluster, problems);
        CheckSchemes(view, cluster, problems);
        WarnDuplicates(view, cluster, problems);
    }

    private static void CheckSource(ObjectView view, ClusterConfiguration cluster, ProblemList problems)
    {
        if (cluster.Destinations.IsEmpty && cluster.Dns is null)
        {
            problems.Error(view.Node, $"cluster {MessageText.Quote(cluster.Id)} has neither destinations nor dns: write one of them");
        }
        else if (!cluster.Destinations.IsEmpty && cluster.Dns is { } dns)
        {
            problems.Error(
                view.Node["dns"]!,
                $"cluster {MessageText.Quote(cluster.Id)} has {cluster.Destinations.Length} destinations and dns {MessageText.Quote(dns.Name)}: write one of them");
        }
    }

    // TLS settings and ALPN belong to the cluster, and a retry may go to any of its destinations: a request that may leave
    // in the clear by chance of balancing is nobody's intention.
    private static void CheckSchemes(ObjectView view, ClusterConfiguration cluster, ProblemList problems)
    {
        var secure = cluster.Destinations.FirstOrDefault(destination => IsSecure(destination.Address));
        var clear = cluster.Destinations.FirstOrDefault(destination => !IsSecure(destination.Address));
        if (secure is not null && clear is not null)
        {
            problems.Error(
                view.Node.Find("destinations", clear.Id) ?? view.Node,
                $"destination {MessageText.Quote(clear.Id)} ({MessageText.Escape(clear.Address.OriginalString)}) is http and {MessageText.Quote(secure.Id)} ({MessageText.Escape(secure.Address.OriginalString)}) is https: "
                + "a cluster speaks one of them; split it");
        }

        if (cluster.Tls is not null && secure is null && cluster.Dns is not { Scheme: "https" } && (clear is not null || cluster.Dns is not null))
        {
            problems.Error(
                view.Node["tls"]!,
                cluster.Dns is null
                    ? $"tls is written but {MessageText.Escape(clear!.Address.OriginalString)} is http: write https:// or remove tls"
                    : "tls is written but dns.scheme is http: write scheme: https or remove tls");
        }
    }

    private static void WarnDuplicates(ObjectView view, ClusterConfiguration cluster, ProblemList problems)
    {
        foreach (var same in cluster.Destinations.GroupBy(destination => destination.Address).Where(same => same.Count() > 1))
        {
            problems.Warning(
                view.Node.Find("destinations", same.Last().Id) ?? view.Node,
                $"destinations {MessageText.OneOf(same.Select(destination => MessageText.Quote(destination.Id)))} have the same address {MessageText.Escape(same.Key.OriginalString)}: "
                + "a retry on \"another\" destination reaches the same one; use weight for shares");
        }
    }

    private static bool IsSecure(Uri address) => address.Scheme == Uri.UriSchemeHttps;
}
