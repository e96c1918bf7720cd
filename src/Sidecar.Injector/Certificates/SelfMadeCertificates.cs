using System.Collections.Immutable;
using System.Security.Cryptography;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Certificates;

/// <summary>
/// Certificates of our own making in one Secret that the replicas share. A replica serves what the Secret holds once the
/// API servers trust it; until then it goes on with what it has.
/// </summary>
internal sealed class SelfMadeCertificates(
    CertificateSecret secret,
    CaBundles? bundles,
    bool isBundleLeft,
    CertificatePlan plan,
    ServedCertificate served,
    CertificateStatus status,
    TimeProvider time,
    Func<double> random,
    IControlLog log) : ICertificateSource
{
    // Also how long a caBundle that somebody else emptied stays empty.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private const int MaxConflicts = 5;

    private readonly Backoff _backoff = new(random);
    private readonly ProblemMemory _problems = new(status, log);
    private ImmutableArray<CertificateFacts> _trustedWithServed = [];
    private string? _servedKeyPem;

    /// <inheritdoc/>
    public async Task<TimeSpan> CycleAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < MaxConflicts; i++)
        {
            try
            {
                if (await TryAsync(cancellationToken))
                {
                    _backoff.Reset();
                    return Interval * (0.9 + (random() / 5));
                }
            }
            catch (ApiException e)
            {
                _problems.Report(ControlEvents.CertificateFailed, e.Message);
                return _backoff.Next();
            }
            catch (CryptographicException e)
            {
                _problems.Report(ControlEvents.CertificateFailed, $"the certificate cannot be made: {e.Message}");
                return _backoff.Next();
            }
        }

        _problems.Report(ControlEvents.CertificateFailed, $"{MaxConflicts} writes in a row were refused because what was read had changed: who else writes the Secret or caBundle?");
        return _backoff.Next();
    }

    /// <returns>False when another replica was faster: everything must be read again.</returns>
    private async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        // In this order: whatever the configurations hold was in the Secret before, so what is read from the Secret now is
        // at least as new, and a bundle is never replaced by an older one (the patch fails if the configuration changed).
        var configurations = await ReadConfigurationsAsync(cancellationToken);
        var reading = await secret.ReadAsync(cancellationToken);
        var now = time.GetUtcNow();
        var stored = StoredCertificates.Read(reading.Data);
        var steps = new List<CertificateStep>();
        var next = plan.Complete(Rescue(stored, configurations ?? [], now), IsSettled, now, steps.Add);
        if (!IsSame(stored, next))
        {
            if (!await secret.WriteAsync(reading, next, cancellationToken))
            {
                return false;
            }

            log.Write(ControlLevel.Info, ControlEvents.CertificateRotated, $"the Secret was written: {Describe(steps, next)}");
        }

        status.SetAuthority(next.Authority);
        var isPublished = await PublishAsync(configurations, next, cancellationToken);
        if (isPublished is false)
        {
            return false;
        }

        Serve(next, now);
        if (isPublished is true)
        {
            _problems.Solved();
        }

        return true;
    }

    /// <summary>Null when they cannot be read: then nothing is known of what is trusted, and the rest goes on.</summary>
    private async Task<ImmutableArray<WebhookConfiguration>?> ReadConfigurationsAsync(CancellationToken cancellationToken)
    {
        if (bundles is null)
        {
            return [];
        }

        try
        {
            return await bundles.ReadAsync(cancellationToken);
        }
        catch (ApiException e)
        {
            _problems.Report(ControlEvents.CaBundleFailed, $"the webhook configurations cannot be read: {e.Message}");
            return null;
        }
    }

    /// <returns>Null when it cannot be written, false when somebody else was faster.</returns>
    private async Task<bool?> PublishAsync(ImmutableArray<WebhookConfiguration>? configurations, StoredCertificates next, CancellationToken cancellationToken)
    {
        if (bundles is null || isBundleLeft)
        {
            return true;
        }

        if (configurations is null)
        {
            return null;
        }

        try
        {
            var written = await bundles.PublishAsync(configurations.Value, _ => next.Bundle, cancellationToken);
            foreach (var path in written ?? [])
            {
                status.CountPatch();
                log.Write(ControlLevel.Info, ControlEvents.CaBundlePatched, $"{path}: caBundle now holds {next.Authorities.Length} {(next.Authorities.Length == 1 ? "authority" : "authorities")}");
            }

            return written is not null;
        }
        catch (ApiException e)
        {
            _problems.Report(ControlEvents.CaBundleFailed, $"caBundle cannot be written: {e.Message}");
            return null;
        }
    }

    /// <summary>
    /// A Secret that was deleted or broken must not take away what replicas serve at this moment: our own certificate goes
    /// back into it, and what the API servers trust stays trusted until no certificate of it can be valid.
    /// </summary>
    private StoredCertificates Rescue(StoredCertificates stored, ImmutableArray<WebhookConfiguration> configurations, DateTimeOffset now)
    {
        if (stored.Authority is not null && stored.Serving is not null)
        {
            return stored;
        }

        var trusted = configurations
            .SelectMany(static configuration => configuration.Bundles)
            .SelectMany(static bundle => CertificateText.ReadBundle(bundle));
        stored = stored.Trusting(_trustedWithServed.Concat(trusted).Where(facts => facts.IsAuthority && facts.IsValidAt(now)));
        return stored.Serving is null && served.Facts is { } facts && facts.IsValidAt(now) && _servedKeyPem is { } key
            ? stored with { Serving = facts, ServingKeyPem = key }
            : stored;
    }

    private void Serve(StoredCertificates stored, DateTimeOffset now)
    {
        if (stored.Serving is not { } next || next.Equals(served.Facts))
        {
            return;
        }

        var issuer = stored.IssuerOf(next);
        if (served.Facts is { } present
            && present.IsValidAt(now)
            && now < present.NotAfter - CertificateLifetimes.ClockSkew
            && !(issuer is not null && next.IsValidAt(now) && IsSettled(issuer)))
        {
            return;
        }

        if (CertificateText.Pair(next.Pem, stored.ServingKeyPem!) is not { } pair)
        {
            return;
        }

        if (served.Facts is not null)
        {
            status.CountRotation();
        }

        served.Serve(pair, next, []);
        (_servedKeyPem, _trustedWithServed) = (stored.ServingKeyPem, issuer is null ? [] : [issuer]);
        log.Write(ControlLevel.Info, ControlEvents.CertificateServed, $"serving certificate {next}, valid until {next.NotAfter:yyyy-MM-dd HH:mm} UTC");
    }

    // Without configurations nobody calls, as far as we know.
    private bool IsSettled(CertificateFacts authority) => bundles?.IsSettled(authority) ?? true;

    private static bool IsSame(StoredCertificates first, StoredCertificates second) =>
        first.Authorities.SequenceEqual(second.Authorities)
        && Equals(first.Authority, second.Authority)
        && Equals(first.Serving, second.Serving);

    private static string Describe(List<CertificateStep> steps, StoredCertificates next) =>
        string.Join(", ", steps.Select(step => step switch
        {
            CertificateStep.MakeAuthority => $"a new authority {next.Authority}, valid until {next.Authority!.NotAfter:yyyy-MM-dd}",
            CertificateStep.IssueServing => $"a new serving certificate {next.Serving}, valid until {next.Serving!.NotAfter:yyyy-MM-dd}",
            _ => "authorities that no certificate needs any more were dropped",
        }).DefaultIfEmpty("what this replica serves went back into it"));
}
