using System.Globalization;
using Sidecar.Injector.Certificates;
using Sidecar.Injector.Checks;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Control;

/// <summary>Metrics of the control side, as Prometheus text.</summary>
internal static class ControlMetrics
{
    /// <summary>Writes them; what is not known is left out.</summary>
    public static void Write(TextWriter writer, CertificateFacts? serving, CertificateStatus status, ClusterView? view, PodGauge? pods)
    {
        if (serving is not null || status.AuthorityExpiresAt > 0)
        {
            const string name = "sidecar_injector_certificate_expiry_timestamp_seconds";
            Head(writer, name, "gauge", "Until when the certificate is valid, in Unix seconds.");
            if (serving is not null)
            {
                Sample(writer, $"{name}{{kind=\"serving\"}}", serving.NotAfter.ToUnixTimeSeconds());
            }

            if (status.AuthorityExpiresAt > 0)
            {
                Sample(writer, $"{name}{{kind=\"authority\"}}", status.AuthorityExpiresAt);
            }
        }

        Single(writer, "sidecar_injector_certificate_rotations_total", "counter", "Serving certificates taken into use after the first.", status.Rotations);
        Single(writer, "sidecar_injector_certificate_errors_total", "counter", "Failures to read, make, store, publish or load a certificate.", status.Errors);
        Single(writer, "sidecar_injector_ca_bundle_patches_total", "counter", "Times that caBundle was written into a webhook configuration.", status.Patches);
        if (view is not null)
        {
            Single(writer, "sidecar_injector_cluster_synced", "gauge", "1 when namespaces and the cluster's version are known.", view.IsSynced ? 1 : 0);
            Single(writer, "sidecar_injector_namespaces", "gauge", "Namespaces held.", view.NamespaceCount);
            Single(writer, "sidecar_injector_native_sidecars", "gauge", "1 when the cluster's version allows native sidecars.", view.NativeSidecarsSupported ? 1 : 0);
        }

        if (pods?.Count is { } count)
        {
            Single(writer, "sidecar_injector_pods_without_sidecar", "gauge", "Running pods that are labelled for pod injection and have no sidecar.", count);
        }
    }

    private static void Single(TextWriter writer, string name, string type, string help, long value)
    {
        Head(writer, name, type, help);
        Sample(writer, name, value);
    }

    // Line ends are Prometheus', not the platform's.
    private static void Head(TextWriter writer, string name, string type, string help) =>
        writer.Write($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Sample(TextWriter writer, string series, long value) =>
        writer.Write(string.Create(CultureInfo.InvariantCulture, $"{series} {value}\n"));
}
