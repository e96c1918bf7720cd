using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Injector.Admission;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Serving;

/// <summary>Without a cluster: no namespace is known, and the certificate is read once from files.</summary>
public sealed class StandaloneBackends : IServeBackends, IClusterView, IServingCertificate
{
    private StandaloneBackends(X509Certificate2? certificate) => Current = certificate;

    /// <inheritdoc/>
    public X509Certificate2? Current { get; }

    /// <inheritdoc/>
    public bool NativeSidecarsSupported => false;

    /// <inheritdoc/>
    public IClusterView Cluster => this;

    /// <inheritdoc/>
    public IServingCertificate Certificate => this;

    /// <inheritdoc/>
    public SslStreamCertificateContext? CertificateContext => null;

    /// <inheritdoc/>
    public IDocumentValidator? Documents => null;

    /// <inheritdoc/>
    public IReadOnlyList<string> NotReady => Current is null ? ["there is no certificate"] : [];

    /// <summary>Starts it.</summary>
    public static IServeBackends Start(ServeOptions options) => new StandaloneBackends(options.CertificateDirectory is { } directory
        ? X509Certificate2.CreateFromPemFile(Path.Combine(directory, "tls.crt"), Path.Combine(directory, "tls.key"))
        : null);

    /// <inheritdoc/>
    public NamespaceFacts? Namespace(string name) => null;

    /// <inheritdoc/>
    public void WriteMetrics(TextWriter writer)
    {
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Current?.Dispose();
        return ValueTask.CompletedTask;
    }
}
