namespace Sidecar.Injector.Certificates;

/// <summary>How long self-made certificates live, and when the next one is made.</summary>
/// <param name="Authority">
/// The authority: long enough that its change is rare, short enough that its change is not something nobody has ever seen.
/// </param>
/// <param name="Serving">The serving certificate.</param>
/// <param name="Settle">How long every API server has to notice a new caBundle before a certificate that needs it is served.</param>
public sealed record CertificateLifetimes(TimeSpan Authority, TimeSpan Serving, TimeSpan Settle)
{
    /// <summary>Clocks of the API servers may be this far behind ours.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    /// <summary>With so little left, a certificate that perhaps is not trusted yet is better than one that surely is not any more.</summary>
    public static readonly TimeSpan LastResort = TimeSpan.FromDays(1);

    /// <summary>Two years, 90 days, five minutes.</summary>
    public static CertificateLifetimes Default { get; } = new(TimeSpan.FromDays(730), TimeSpan.FromDays(90), TimeSpan.FromMinutes(5));

    /// <summary>After two thirds of a life the successor is made: a month of failed tries before a serving certificate runs out.</summary>
    public static DateTimeOffset RenewAt(CertificateFacts certificate) =>
        certificate.NotBefore + ((certificate.NotAfter - certificate.NotBefore) * 2 / 3);

    /// <summary>From then on no certificate of an earlier authority can be valid any more, in whichever replica it is kept.</summary>
    public DateTimeOffset PredecessorsEndAt(CertificateFacts authority) =>
        authority.NotBefore + ClockSkew + Serving + ClockSkew;
}
