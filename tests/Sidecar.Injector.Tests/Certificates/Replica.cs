using Sidecar.Injector.Certificates;
using Sidecar.Injector.Kubernetes;
using Sidecar.Injector.Tests.Kubernetes;

namespace Sidecar.Injector.Tests.Certificates;

/// <summary>One injector as far as self-made certificates go, run by hand.</summary>
internal sealed class Replica : IDisposable
{
    public const string Namespace = "sidecar-system";
    public const string SecretPath = $"/api/v1/namespaces/{Namespace}/secrets/certificate";
    public const string MutatingPath = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/sidecar-injector";
    public const string ValidatingPath = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/sidecar-injector";
    public const string HostName = "sidecar-injector.sidecar-system.svc";

    private readonly ApiClient _api;
    private readonly SelfMadeCertificates _source;

    public Replica(FakeApiServer server, TimeProvider clock, bool isBundleLeft = false)
    {
        _api = new ApiClient(server.Endpoint, clock);
        _source = new SelfMadeCertificates(
            new CertificateSecret(_api, Namespace, "certificate"),
            new CaBundles(_api, "sidecar-injector", CertificateLifetimes.Default.Settle, clock),
            isBundleLeft,
            new CertificatePlan([HostName], CertificateLifetimes.Default),
            Served,
            Status,
            clock,
            static () => 0,
            Log);
    }

    public ServedCertificate Served { get; } = new();

    public CertificateStatus Status { get; } = new();

    public RecordedLog Log { get; } = new();

    /// <summary>In the middle of a cycle: requests of it are being answered.</summary>
    public bool IsBusy { get; private set; }

    public static void Install(FakeApiServer server)
    {
        server.Put(MutatingPath, """{"kind":"MutatingWebhookConfiguration","metadata":{"name":"sidecar-injector","annotations":{"foreign":"kept"}},"webhooks":[{"name":"a","clientConfig":{"service":{"name":"s"}}},{"name":"b","clientConfig":{"caBundle":"bm9uc2Vuc2U="}}]}""");
        server.Put(ValidatingPath, """{"kind":"ValidatingWebhookConfiguration","metadata":{"name":"sidecar-injector"},"webhooks":[{"name":"c","clientConfig":{}}]}""");
    }

    public async Task<TimeSpan> CycleAsync()
    {
        IsBusy = true;
        try
        {
            return await _source.CycleAsync(CancellationToken.None);
        }
        finally
        {
            IsBusy = false;
        }
    }

    public void Dispose() => _api.Dispose();
}
