using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Injector.Certificates;

/// <summary>A new certificate and its key.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="KeyPem">Its private key, PKCS#8.</param>
internal sealed record MadeCertificate(CertificateFacts Certificate, string KeyPem);

/// <summary>Makes authorities and serving certificates: ECDSA P-256, which every API server accepts and a handshake hardly notices.</summary>
internal static class CertificateMaker
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int SerialBytes = 16;
    private const int MaxCommonNameLength = 64;

    /// <summary>A new authority.</summary>
    public static MadeCertificate Authority(DateTimeOffset now, CertificateLifetimes lifetimes)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // Each has a name of its own: verifiers look issuers up by name, and two of them stand in one bundle during a rotation.
        var subject = Name($"sidecar-injector authority {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}");
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.CreateSelfSigned(now - CertificateLifetimes.ClockSkew, now + lifetimes.Authority);
        return Made(certificate, key);
    }

    /// <summary>A serving certificate.</summary>
    /// <param name="authority">Who issues it.</param>
    /// <param name="authorityKeyPem">With which key.</param>
    /// <param name="names">DNS names; the first is the subject.</param>
    /// <param name="now">The time.</param>
    /// <param name="lifetimes">How long.</param>
    public static MadeCertificate Serving(
        CertificateFacts authority, string authorityKeyPem, ImmutableArray<string> names, DateTimeOffset now, CertificateLifetimes lifetimes)
    {
        using var issuer = X509Certificate2.CreateFromPem(authority.Pem, authorityKeyPem);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Name(names[0]), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());

        // Inside the authority's life, or nobody would accept it.
        var notBefore = Later(now - CertificateLifetimes.ClockSkew, authority.NotBefore);
        var notAfter = now + lifetimes.Serving < authority.NotAfter ? now + lifetimes.Serving : authority.NotAfter;
        using var certificate = request.Create(issuer, notBefore, notAfter, Serial());
        return Made(certificate, key);
    }

    private static MadeCertificate Made(X509Certificate2 certificate, ECDsa key) => new(
        CertificateFacts.Of(certificate) ?? throw new CryptographicException("A certificate made here cannot be read."),
        key.ExportPkcs8PrivateKeyPem() + "\n");

    private static X500DistinguishedName Name(string commonName)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName.Length > MaxCommonNameLength ? commonName[..MaxCommonNameLength] : commonName);
        return name.Build();
    }

    // Positive, as X.509 demands.
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }

    private static DateTimeOffset Later(DateTimeOffset first, DateTimeOffset second) => first > second ? first : second;
}
