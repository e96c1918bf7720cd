using System.Collections.Immutable;

namespace Sidecar.Configuration;

/// <summary>The part of resolv.conf(5) that tells where a pod lives.</summary>
/// <param name="SearchDomains">Domains of the last <c>search</c> line (it is the one that counts), lower-case, without trailing dot.</param>
public sealed record ResolvConf(ImmutableArray<string> SearchDomains)
{
    private const string ServiceLabel = "svc";

    /// <summary>Namespace when the first search domain is <c>&lt;namespace&gt;.svc.&lt;domain&gt;</c>, else null.</summary>
    public string? Namespace => SearchDomains is [var first, ..] && Split(first) is (string ns, _) ? ns : null;

    /// <summary>Domain behind <c>svc.</c> of the first search domain that has one, else null.</summary>
    public string? ClusterDomain => SearchDomains.Select(domain => Split(domain)?.Domain).FirstOrDefault(domain => domain is not null);

    /// <summary>Reads the text; lines it does not understand are skipped, as the resolver does.</summary>
    public static ResolvConf Parse(string text)
    {
        var domains = ImmutableArray<string>.Empty;
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words is ["search", .. var rest])
            {
                domains = [.. rest.Select(domain => domain.TrimEnd('.').ToLowerInvariant()).Where(domain => domain.Length > 0)];
            }
        }

        return new ResolvConf(domains);
    }

    /// <summary>"shop.svc.cluster.local" is ("shop", "cluster.local"); "svc.cluster.local" is (null, "cluster.local").</summary>
    private static (string? Namespace, string Domain)? Split(string domain)
    {
        var labels = domain.Split('.');
        return labels switch
        {
            [ServiceLabel, _, ..] => (null, string.Join('.', labels[1..])),
            [var ns, ServiceLabel, _, ..] => (ns, string.Join('.', labels[2..])),
            _ => null,
        };
    }
}
