using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Injector.Serving;

namespace Sidecar.Injector.Certificates;

/// <summary>The certificate that is served, swapped whole. Connections that began with an earlier one keep it.</summary>
public sealed class ServedCertificate : IServingCertificate
{
    private sealed record Pair(X509Certificate2 Certificate, CertificateFacts Facts, SslStreamCertificateContext Context);

    private Pair? _current;

    /// <inheritdoc/>
    public X509Certificate2? Current => Volatile.Read(ref _current)?.Certificate;

    /// <inheritdoc/>
    public SslStreamCertificateContext? Context => Volatile.Read(ref _current)?.Context;

    /// <summary>What is known of it.</summary>
    public CertificateFacts? Facts => Volatile.Read(ref _current)?.Facts;

    /// <summary>Serves another from the next connection on.</summary>
    /// <param name="certificate">With its key. It is kept: a handshake may still be using the one before, which the finalizer frees.</param>
    /// <param name="facts">The same without key.</param>
    /// <param name="intermediates">Sent along.</param>
    public void Serve(X509Certificate2 certificate, CertificateFacts facts, IEnumerable<CertificateFacts> intermediates)
    {
        X509Certificate2Collection chain = [.. intermediates.Select(static intermediate => intermediate.ToCertificate())];

        // Offline: nothing is to be fetched from wherever a certificate points to.
        Volatile.Write(ref _current, new Pair(certificate, facts, SslStreamCertificateContext.Create(certificate, chain, offline: true)));
    }
}
