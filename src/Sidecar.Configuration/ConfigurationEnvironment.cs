namespace Sidecar.Configuration;

/// <summary>What reading a document may know of the world around it. Everything else is in the document.</summary>
/// <param name="Namespace">Namespace of the pod, for the short form of <c>match.service</c>; null when unknown.</param>
/// <param name="ClusterDomain">Cluster domain behind <c>.svc</c>, without leading or trailing dot.</param>
public sealed record ConfigurationEnvironment(string? Namespace, string ClusterDomain)
{
    /// <summary>
    /// The document is one of several, and the others are not at hand: an id that it does not define may be defined there, so
    /// that is a warning. For judging a ConfigMap on its own; what runs is always read whole.
    /// </summary>
    public bool IsPart { get; init; }

    /// <summary>Outside Kubernetes: no namespace, <see cref="ConfigurationDefaults.ClusterDomain"/>.</summary>
    public static ConfigurationEnvironment Default { get; } = new(null, ConfigurationDefaults.ClusterDomain);

    /// <summary>
    /// From what a pod offers.
    /// </summary>
    /// <param name="sidecarNamespace">Value of <c>SIDECAR_NAMESPACE</c>; wins over resolv.conf when not empty.</param>
    /// <param name="resolvConf">Text of <c>/etc/resolv.conf</c>, null when it cannot be read.</param>
    public static ConfigurationEnvironment From(string? sidecarNamespace, string? resolvConf)
    {
        var search = ResolvConf.Parse(resolvConf ?? "");
        return new ConfigurationEnvironment(
            string.IsNullOrEmpty(sidecarNamespace) ? search.Namespace : sidecarNamespace,
            search.ClusterDomain ?? ConfigurationDefaults.ClusterDomain);
    }
}
