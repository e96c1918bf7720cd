using System.Collections.Immutable;

namespace Sidecar.Configuration;

/// <summary>The names under which a pod can call a Kubernetes service.</summary>
public static class ServiceHosts
{
    /// <summary>
    /// Expands <c>match.service</c>: <c>name.namespace</c>, with <c>.svc</c>, with <c>.svc.&lt;domain&gt;</c>, and the bare name for
    /// a pod of the same namespace; each with and without trailing dot. Pure.
    /// </summary>
    /// <param name="service"><c>name.namespace</c>.</param>
    /// <param name="podNamespace">Namespace of the pod; null when unknown: then no bare name.</param>
    /// <param name="clusterDomain">Cluster domain, such as <c>cluster.local</c>.</param>
    public static ImmutableArray<string> Expand(string service, string? podNamespace, string clusterDomain)
    {
        var names = new List<string> { service, $"{service}.svc", $"{service}.svc.{clusterDomain}" };
        var dot = service.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && service.AsSpan(dot + 1).SequenceEqual(podNamespace))
        {
            names.Add(service[..dot]);
        }

        return [.. names.SelectMany(name => new[] { name, name + "." })];
    }
}
