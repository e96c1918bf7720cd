using System.Collections.Immutable;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Certificates;

/// <summary>
/// Certificates that others make: a mounted Secret of cert-manager, or a supplied one. Read again when its files change;
/// a pair that does not fit keeps the one before.
/// </summary>
/// <param name="directory">Holds <c>tls.crt</c>, <c>tls.key</c> and perhaps <c>ca.crt</c>.</param>
/// <param name="bundles">Where <c>ca.crt</c> is published; null: caBundle is somebody else's.</param>
/// <param name="served">What is served.</param>
/// <param name="status">Counts.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Uniform in [0, 1).</param>
/// <param name="log">Told what happens.</param>
internal sealed class FileCertificates(
    string directory,
    CaBundles? bundles,
    ServedCertificate served,
    CertificateStatus status,
    TimeProvider time,
    Func<double> random,
    IControlLog log) : ICertificateSource
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private const int MaxConflicts = 5;

    private readonly Backoff _backoff = new(random);
    private readonly ProblemMemory _problems = new(status, log);

    /// <inheritdoc/>
    public async Task<TimeSpan> CycleAsync(CancellationToken cancellationToken)
    {
        if (CertificateFiles.Read(directory, out var problem) is not { } files)
        {
            _problems.Report(ControlEvents.CertificateFailed, $"{problem}{(served.Facts is null ? "" : "; the certificate before it is kept")}");
            return Interval;
        }

        status.SetAuthority(files.Authorities.FirstOrDefault());
        var isPublished = bundles is null || await PublishAsync(bundles, files.Authorities, cancellationToken);
        Serve(files);
        return isPublished ? Interval : _backoff.Next();
    }

    private async Task<bool> PublishAsync(CaBundles publisher, ImmutableArray<CertificateFacts> authorities, CancellationToken cancellationToken)
    {
        try
        {
            for (var i = 0; i < MaxConflicts; i++)
            {
                var configurations = await publisher.ReadAsync(cancellationToken);
                if (authorities.IsEmpty)
                {
                    // Signed by somebody whom the configuration trusts already.
                    return true;
                }

                var written = await publisher.PublishAsync(configurations, configuration => Merge(configuration, authorities), cancellationToken);
                if (written is null)
                {
                    continue;
                }

                foreach (var path in written)
                {
                    status.CountPatch();
                    log.Write(ControlLevel.Info, ControlEvents.CaBundlePatched, $"{path}: caBundle now holds the authorities of {directory}/{StoredCertificates.AuthoritiesKey}");
                }

                _backoff.Reset();
                _problems.Solved();
                return true;
            }

            _problems.Report(ControlEvents.CaBundleFailed, $"{MaxConflicts} writes in a row were refused because the configuration had changed: who else writes caBundle?");
        }
        catch (ApiException e)
        {
            _problems.Report(ControlEvents.CaBundleFailed, $"caBundle cannot be written: {e.Message}");
        }

        return false;
    }

    /// <summary>
    /// Only adds, and drops what has run out: the other replica may have seen the files change earlier or later, and each
    /// must trust what the other still serves.
    /// </summary>
    private string Merge(WebhookConfiguration configuration, ImmutableArray<CertificateFacts> authorities)
    {
        var now = time.GetUtcNow();
        var present = configuration.Bundles.SelectMany(static bundle => CertificateText.ReadBundle(bundle)).ToList();
        var others = present.Except(authorities).Where(facts => now < facts.NotAfter).OrderByDescending(static facts => facts.NotBefore);
        return CertificateText.WriteBundle(authorities.Concat(others)
            .Take(CertificateText.MaxCertificates)
            .OrderByDescending(static facts => facts.NotBefore)
            .ThenBy(static facts => facts.Fingerprint, StringComparer.Ordinal));
    }

    private void Serve(CertificateFiles files)
    {
        if (files.Serving.Equals(served.Facts) || IsUntrustedYet(files))
        {
            return;
        }

        if (CertificateText.Pair(files.Serving.Pem, files.KeyPem) is not { } pair)
        {
            return;
        }

        if (served.Facts is not null)
        {
            status.CountRotation();
        }

        served.Serve(pair, files.Serving, files.Intermediates);
        log.Write(ControlLevel.Info, ControlEvents.CertificateServed, $"serving certificate {files.Serving} of {directory}, valid until {files.Serving.NotAfter:yyyy-MM-dd HH:mm} UTC");
    }

    // Only while what is served is still good for something.
    private bool IsUntrustedYet(CertificateFiles files)
    {
        if (bundles is null || files.Authorities.IsEmpty || served.Facts is not { } present || present.NotAfter - CertificateLifetimes.ClockSkew <= time.GetUtcNow())
        {
            return false;
        }

        return files.Issuer is { } issuer && !bundles.IsSettled(issuer);
    }
}
