using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Injector.Certificates;

/// <summary>What there is to decide about a certificate. Immutable, without a key; two of the same bytes are equal.</summary>
public sealed class CertificateFacts : IEquatable<CertificateFacts>
{
    private readonly byte[] _der;

    private CertificateFacts(X509Certificate2 certificate)
    {
        _der = certificate.RawData;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(_der));
        NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime());
        NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        IsAuthority = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(static extension => extension.CertificateAuthority);
        Names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(static extension => extension.EnumerateDnsNames())];
    }

    /// <summary>SHA-256 of the certificate, in hex.</summary>
    public string Fingerprint { get; }

    /// <summary>Valid from here.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>Valid until here.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>It may issue others.</summary>
    public bool IsAuthority { get; }

    /// <summary>DNS names it is good for.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>As PEM, with a line end.</summary>
    public string Pem => PemEncoding.WriteString("CERTIFICATE", _der) + "\n";

    /// <summary>Facts of a certificate.</summary>
    /// <returns>Null when its extensions cannot be read.</returns>
    public static CertificateFacts? Of(X509Certificate2 certificate)
    {
        try
        {
            return new CertificateFacts(certificate);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The certificate, for the caller to dispose of.</summary>
    public X509Certificate2 ToCertificate() => X509CertificateLoader.LoadCertificate(_der);

    /// <summary>Is it valid at this time?</summary>
    public bool IsValidAt(DateTimeOffset now) => NotBefore <= now && now < NotAfter;

    /// <summary>Does it carry a signature of one of these authorities, itself or through intermediates? Times are not looked at.</summary>
    public bool IsIssuedBy(IEnumerable<CertificateFacts> authorities, IEnumerable<CertificateFacts>? intermediates = null)
    {
        using var chain = new X509Chain();
        var made = new List<X509Certificate2>();
        try
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;
            chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
            Add(chain.ChainPolicy.CustomTrustStore, authorities, made);
            Add(chain.ChainPolicy.ExtraStore, intermediates ?? [], made);
            var certificate = ToCertificate();
            made.Add(certificate);
            return chain.Build(certificate);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            made.ForEach(static certificate => certificate.Dispose());
        }
    }

    /// <inheritdoc/>
    public bool Equals(CertificateFacts? other) => other is not null && Fingerprint == other.Fingerprint;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CertificateFacts);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Fingerprint);

    /// <summary>Short name for messages: the beginning of the fingerprint.</summary>
    public override string ToString() => Fingerprint[..12];

    private static void Add(X509Certificate2Collection store, IEnumerable<CertificateFacts> certificates, List<X509Certificate2> made)
    {
        foreach (var facts in certificates)
        {
            var certificate = facts.ToCertificate();
            made.Add(certificate);
            store.Add(certificate);
        }
    }
}
