using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Injector.Admission;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Serving;
using Sidecar.Injector.Telemetry;

namespace Sidecar.Injector.Tests.Serving;

/// <summary>The real server on loopback with TLS, in front of a cluster and a certificate that the test holds.</summary>
internal sealed class TestServer : IAsyncDisposable, IServeBackends, IClusterView, IServingCertificate, IDocumentValidator
{
    private readonly EventLog _log;

    private TestServer(TimeProvider time)
    {
        _log = new EventLog(Lines, time);
        Current = MakeCertificate();
        Server = new InjectorServer(Options(), this, "0.1.0", _log, time);
    }

    public InjectorServer Server { get; }

    public MemoryStream Lines { get; } = new();

    public X509Certificate2? Current { get; set; }

    public Dictionary<string, NamespaceFacts> Namespaces { get; } = new(StringComparer.Ordinal);

    public Func<string, string?> Refuse { get; set; } = static _ => null;

    /// <summary>Called inside each decision.</summary>
    public Action Deciding { get; set; } = static () => { };

    public List<string> Reasons { get; } = [];

    public bool NativeSidecarsSupported => true;

    public IClusterView Cluster => this;

    public IServingCertificate Certificate => this;

    public SslStreamCertificateContext? Context => Current is null ? null : SslStreamCertificateContext.Create(Current, null, offline: true);

    public IDocumentValidator Documents => this;

    public IReadOnlyList<string> NotReady => Current is null ? [.. Reasons, "there is no certificate yet"] : Reasons;

    public Uri Secure => new($"https://localhost:{Server.Secure!.Port}");

    public Uri Plain => new($"http://localhost:{Server.Plain!.Port}");

    public static async Task<TestServer> StartAsync(TimeProvider? time = null)
    {
        var server = new TestServer(time ?? TimeProvider.System);
        await server.Server.StartAsync(CancellationToken.None);
        return server;
    }

    public static HttpClient Client() => new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Subject == "CN=injector" } });

    /// <summary>The log so far; ends it.</summary>
    public async Task<string> LogAsync()
    {
        await _log.DisposeAsync();
        return System.Text.Encoding.UTF8.GetString(Lines.ToArray());
    }

    public NamespaceFacts? Namespace(string name)
    {
        Deciding();
        return Namespaces.GetValueOrDefault(name);
    }

    public DocumentVerdict Validate(string namespaceName, System.Text.Json.Nodes.JsonObject configMap) =>
        new(Refuse(PodView.Text(configMap["data"]?["sidecar.yaml"]) ?? ""), ["looks odd"]);

    public void WriteMetrics(TextWriter writer) => writer.Write("test_backend 1\n");

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _log.DisposeAsync();
        Current?.Dispose();
    }

    public static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=injector", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), password: null);
    }

    private static ServeOptions Options() => new(
        InjectorSettings.BuiltIn("0.1.0"),
        new IPEndPoint(IPAddress.Loopback, 0),
        new IPEndPoint(IPAddress.Loopback, 0),
        "sidecar-system",
        "sidecar-injector",
        "sidecar-injector",
        CertificateSource.Self,
        "sidecar-injector-certificate",
        CertificateDirectory: null,
        IsCaBundleLeft: false,
        CountPods: false,
        Kubernetes: null,
        KubernetesToken: null,
        KubernetesCa: null,
        TimeSpan.Zero);
}
