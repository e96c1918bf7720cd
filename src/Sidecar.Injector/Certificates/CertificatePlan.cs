using System.Collections.Immutable;

namespace Sidecar.Injector.Certificates;

/// <summary>What the Secret needs next.</summary>
public enum CertificateStep
{
    /// <summary>It is as it should be.</summary>
    Nothing,

    /// <summary>A new issuing authority, trusted beside those before it.</summary>
    MakeAuthority,

    /// <summary>A new serving certificate of the issuing authority.</summary>
    IssueServing,

    /// <summary>Authorities of which no valid certificate can exist any more are no longer trusted.</summary>
    DropAuthorities,
}

/// <summary>
/// The rotation, as a pure function of the Secret, the clock, and what the API servers trust. An authority goes through
/// three states: trusted (in the Secret, then in caBundle), issuing (once caBundle has settled), and outlived (trusted
/// until the last certificate of it has run out).
/// </summary>
/// <param name="names">DNS names that the serving certificate must have.</param>
/// <param name="lifetimes">How long things live.</param>
public sealed class CertificatePlan(ImmutableArray<string> names, CertificateLifetimes lifetimes)
{
    // Two for a new installation, three at the most; more would be a defect.
    private const int MaxSteps = 4;

    /// <summary>The next step.</summary>
    /// <param name="stored">What the Secret holds.</param>
    /// <param name="isSettled">Has every API server trusted this authority for long enough?</param>
    /// <param name="now">The time.</param>
    public CertificateStep Next(StoredCertificates stored, Func<CertificateFacts, bool> isSettled, DateTimeOffset now)
    {
        if (stored.Authority is not { } authority || !authority.IsValidAt(now) || now >= CertificateLifetimes.RenewAt(authority))
        {
            return CertificateStep.MakeAuthority;
        }

        // Nothing that could be served: whoever starts now has nothing to lose.
        if (stored.Serving is not { } serving || !serving.IsValidAt(now) || names.Except(serving.Names).Any() || stored.IssuerOf(serving) is not { } issuer)
        {
            return CertificateStep.IssueServing;
        }

        var isDue = issuer.Equals(authority)
            ? now >= CertificateLifetimes.RenewAt(serving)
            : isSettled(authority) || now >= serving.NotAfter - CertificateLifetimes.LastResort;
        if (isDue)
        {
            return CertificateStep.IssueServing;
        }

        return stored.Authorities.Any(other => IsOutlived(other, authority, issuer, now)) ? CertificateStep.DropAuthorities : CertificateStep.Nothing;
    }

    /// <summary>Takes steps until nothing is left to do; the same object when nothing was.</summary>
    /// <param name="stored">What the Secret holds.</param>
    /// <param name="isSettled">Has every API server trusted this authority for long enough?</param>
    /// <param name="now">The time.</param>
    /// <param name="taken">Told each step.</param>
    public StoredCertificates Complete(StoredCertificates stored, Func<CertificateFacts, bool> isSettled, DateTimeOffset now, Action<CertificateStep>? taken = null)
    {
        for (var i = 0; i < MaxSteps; i++)
        {
            var step = Next(stored, isSettled, now);
            if (step == CertificateStep.Nothing)
            {
                break;
            }

            stored = Take(step, stored, now);
            taken?.Invoke(step);
        }

        return stored;
    }

    private StoredCertificates Take(CertificateStep step, StoredCertificates stored, DateTimeOffset now)
    {
        switch (step)
        {
            case CertificateStep.MakeAuthority:
                return stored.With(CertificateMaker.Authority(now, lifetimes));
            case CertificateStep.IssueServing:
                var serving = CertificateMaker.Serving(stored.Authority!, stored.AuthorityKeyPem!, names, now, lifetimes);
                return stored with { Serving = serving.Certificate, ServingKeyPem = serving.KeyPem };
            default:
                var issuer = stored.IssuerOf(stored.Serving!);
                return stored with { Authorities = [.. stored.Authorities.Where(other => !IsOutlived(other, stored.Authority!, issuer, now))] };
        }
    }

    private bool IsOutlived(CertificateFacts other, CertificateFacts authority, CertificateFacts? issuer, DateTimeOffset now) =>
        !other.Equals(authority) && !other.Equals(issuer) && (now >= other.NotAfter || now >= lifetimes.PredecessorsEndAt(authority));
}
