using System.Collections.Immutable;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Control;

/// <summary>What the control side of <c>serve</c> is told.</summary>
/// <param name="Api">The API server; null for <c>--kubernetes none</c>: namespaces stay unknown, and certificates can only come from files.</param>
/// <param name="Namespace">Own namespace.</param>
/// <param name="Service">Name of the Service in front; the certificate's names follow from it.</param>
public sealed record ControlOptions(ApiEndpoint? Api, string Namespace, string Service)
{
    /// <summary>Name of both webhook configurations; null or empty: caBundle is nobody's business here.</summary>
    public string? WebhookConfiguration { get; init; }

    /// <summary><c>--certificates files</c>: the directory with tls.crt, tls.key and perhaps ca.crt. Null: self-made.</summary>
    public string? CertificateDirectory { get; init; }

    /// <summary><c>--certificate-secret</c>: where self-made certificates are kept.</summary>
    public string CertificateSecret { get; init; } = "sidecar-injector-certificate";

    /// <summary><c>--ca-bundle leave</c>: somebody else, such as cert-manager, writes caBundle.</summary>
    public bool IsCaBundleLeft { get; init; }

    /// <summary><c>--count-pods</c>: export the number of labelled pods without a sidecar.</summary>
    public bool CountPods { get; init; }

    /// <summary>Names of the serving certificate, the one that API servers ask for first.</summary>
    public ImmutableArray<string> CertificateNames =>
        [$"{Service}.{Namespace}.svc", Service, $"{Service}.{Namespace}", $"{Service}.{Namespace}.svc.cluster.local"];

    /// <summary>Why it cannot be done; null when it can.</summary>
    public string? Problem => Api is null && CertificateDirectory is null
        ? "certificates of our own making need the API server: give --certificates files with --certificate-dir, or an API server"
        : null;
}
