using System.Collections.Immutable;

namespace Sidecar.Injector.Certificates;

/// <summary>What the Secret holds, as far as it can be used. Immutable.</summary>
/// <param name="Authorities">Everything to trust, newest first.</param>
/// <param name="Authority">The one of them that issues; null when its key is not there.</param>
/// <param name="AuthorityKeyPem">Its key.</param>
/// <param name="Serving">What is served; null when its key is not there.</param>
/// <param name="ServingKeyPem">Its key.</param>
public sealed record StoredCertificates(
    ImmutableArray<CertificateFacts> Authorities,
    CertificateFacts? Authority,
    string? AuthorityKeyPem,
    CertificateFacts? Serving,
    string? ServingKeyPem)
{
    /// <summary>Key of the Secret: every authority to trust.</summary>
    public const string AuthoritiesKey = "ca.crt";

    /// <summary>Key of the Secret: private key of the issuing authority.</summary>
    public const string AuthorityPrivateKey = "ca.key";

    /// <summary>Key of the Secret: the serving certificate.</summary>
    public const string ServingKey = "tls.crt";

    /// <summary>Key of the Secret: its private key.</summary>
    public const string ServingPrivateKey = "tls.key";

    /// <summary>Most authorities that are kept.</summary>
    public const int MaxAuthorities = 8;

    /// <summary>Nothing yet.</summary>
    public static StoredCertificates Empty { get; } = new([], null, null, null, null);

    /// <summary>All authorities as caBundle has them.</summary>
    public string Bundle => CertificateText.WriteBundle(Authorities);

    /// <summary>Reads what a Secret holds. What is broken is left out, so that the plan makes it anew.</summary>
    /// <param name="data">Its decoded values.</param>
    public static StoredCertificates Read(IReadOnlyDictionary<string, string> data)
    {
        var authorities = Sort(CertificateText.ReadBundle(data.GetValueOrDefault(AuthoritiesKey)).Where(static facts => facts.IsAuthority));
        var authorityKey = Key(data, AuthorityPrivateKey);
        var authority = authorityKey is null ? null : authorities.FirstOrDefault(facts => CertificateText.IsPair(facts.Pem, authorityKey));
        var serving = CertificateText.ReadBundle(data.GetValueOrDefault(ServingKey)).FirstOrDefault();
        var servingKey = Key(data, ServingPrivateKey);
        var isPair = serving is not null && servingKey is not null && CertificateText.IsPair(serving.Pem, servingKey);
        return new StoredCertificates(
            authorities,
            authority,
            authority is null ? null : authorityKey,
            isPair ? serving : null,
            isPair ? servingKey : null);
    }

    /// <summary>The values of the Secret.</summary>
    public IEnumerable<KeyValuePair<string, string>> Write() =>
    [
        new(AuthoritiesKey, Bundle),
        new(AuthorityPrivateKey, AuthorityKeyPem ?? ""),
        new(ServingKey, Serving?.Pem ?? ""),
        new(ServingPrivateKey, ServingKeyPem ?? ""),
    ];

    /// <summary>With a new issuing authority; beyond <see cref="MaxAuthorities"/> the oldest goes.</summary>
    internal StoredCertificates With(MadeCertificate authority) => this with
    {
        Authorities = Sort(Authorities.Prepend(authority.Certificate)),
        Authority = authority.Certificate,
        AuthorityKeyPem = authority.KeyPem,
    };

    /// <summary>Trusts what others still need, as far as there is room.</summary>
    public StoredCertificates Trusting(IEnumerable<CertificateFacts> further) => this with { Authorities = Sort(Authorities.Concat(further)) };

    /// <summary>Who of the trusted issued it; null for nobody.</summary>
    public CertificateFacts? IssuerOf(CertificateFacts certificate) =>
        Authorities.FirstOrDefault(authority => certificate.IsIssuedBy([authority]));

    // The order is a function of the content alone: two replicas that read the same Secret write the same bundle.
    private static ImmutableArray<CertificateFacts> Sort(IEnumerable<CertificateFacts> authorities) =>
    [
        .. authorities
            .Distinct()
            .Take(MaxAuthorities)
            .OrderByDescending(static facts => facts.NotBefore)
            .ThenBy(static facts => facts.Fingerprint, StringComparer.Ordinal),
    ];

    private static string? Key(IReadOnlyDictionary<string, string> data, string name) =>
        data.GetValueOrDefault(name) is { Length: > 0 and <= CertificateText.MaxLength } text ? text : null;
}
