using System.Collections.Immutable;
using System.Text;
using Sidecar.Injector.Certificates;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>What the chart installs.</summary>
internal static class InstallationChecks
{
    private static readonly ImmutableArray<string> Kinds = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

    /// <summary>Are both webhook configurations there, and do they trust the certificate that is served?</summary>
    public static async Task<IReadOnlyList<CheckLine>> WebhooksAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        var lines = new List<CheckLine>();
        var serving = await ServingAsync(scope, cancellationToken);
        foreach (var (kind, path) in Kinds.Zip(CaBundles.Paths(scope.WebhookConfiguration)))
        {
            using var found = await scope.FindAsync(path, cancellationToken);
            var what = $"{kind} {scope.WebhookConfiguration}";
            if (found is null)
            {
                // Without the second one documents are not judged when they are applied; everything else works.
                lines.Add(kind == Kinds[0]
                    ? CheckLine.Fail(what, "is missing: no pod is injected", "install the chart, or say its name with --webhook-configuration")
                    : CheckLine.Warn(what, "is missing: documents are not checked when they are applied", "install the chart, or say its name with --webhook-configuration"));
                continue;
            }

            lines.Add(Judge(what, WebhookConfiguration.Read(path, found.RootElement), serving, scope.Time.GetUtcNow()));
        }

        return lines;
    }

    /// <summary>Does the Service lead anywhere?</summary>
    public static async Task<CheckLine> ServiceAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        var what = $"Service {scope.Namespace}/{scope.Service}";
        var at = $"/api/v1/namespaces/{Uri.EscapeDataString(scope.Namespace)}";
        using var service = await scope.FindAsync($"{at}/services/{Uri.EscapeDataString(scope.Service)}", cancellationToken);
        if (service is null)
        {
            return CheckLine.Fail(what, "is missing", "install the chart, or say where it is with --namespace and --service");
        }

        using var endpoints = await scope.FindAsync($"{at}/endpoints/{Uri.EscapeDataString(scope.Service)}", cancellationToken);
        var subsets = endpoints?.RootElement.Items("subsets").ToList() ?? [];
        var ready = subsets.Sum(static subset => subset.Items("addresses").Count());
        var notReady = subsets.Sum(static subset => subset.Items("notReadyAddresses").Count());
        return ready switch
        {
            > 1 => CheckLine.Ok(what, $"{ready} endpoints are ready"),
            1 => CheckLine.Ok(what, "1 endpoint is ready"),
            _ => CheckLine.Fail(what, notReady > 0 ? $"{notReady} endpoints, none ready" : "it has no endpoints", $"kubectl -n {scope.Namespace} get pods, and their logs"),
        };
    }

    private static CheckLine Judge(string what, WebhookConfiguration configuration, CertificateFacts? serving, DateTimeOffset now)
    {
        if (configuration.Bundles.IsEmpty)
        {
            return CheckLine.Fail(what, "holds no webhook", "install the chart again");
        }

        var trusted = configuration.Trusted.ToList();
        if (trusted.Count == 0)
        {
            return CheckLine.Fail(what, "its caBundle holds no certificate", "see the injector's log for ca-bundle-failed; with cert-manager, its ca-injector's");
        }

        var valid = trusted.Where(facts => facts.IsValidAt(now)).ToList();
        if (valid.Count == 0)
        {
            return CheckLine.Fail(what, "every certificate of its caBundle has expired", "see the injector's log for certificate-failed");
        }

        if (serving is null)
        {
            return CheckLine.Ok(what, $"caBundle is valid until {valid.Max(static facts => facts.NotAfter):yyyy-MM-dd}; the served certificate cannot be read to compare");
        }

        if (!serving.IsValidAt(now))
        {
            return CheckLine.Fail(what, $"the serving certificate expired on {serving.NotAfter:yyyy-MM-dd}", "see the injector's log for certificate-failed");
        }

        return serving.IsIssuedBy(valid)
            ? CheckLine.Ok(what, $"caBundle trusts the serving certificate, which is valid until {serving.NotAfter:yyyy-MM-dd}")
            : CheckLine.Fail(what, "caBundle does not trust the serving certificate", "see the injector's log for ca-bundle-failed; is somebody else writing caBundle?");
    }

    /// <summary>From the Secret; null where it may not or cannot be read: the dry run shows as much.</summary>
    private static async Task<CertificateFacts?> ServingAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        try
        {
            var path = $"/api/v1/namespaces/{Uri.EscapeDataString(scope.Namespace)}/secrets/{Uri.EscapeDataString(scope.CertificateSecret)}";
            using var secret = await scope.FindAsync(path, cancellationToken);
            var encoded = secret?.RootElement.Member("data", StoredCertificates.ServingKey).AsText();
            return encoded is null ? null : CertificateText.ReadBundle(Encoding.UTF8.GetString(Convert.FromBase64String(encoded))).FirstOrDefault();
        }
        catch (Exception exception) when (exception is ApiException or FormatException)
        {
            return null;
        }
    }
}
