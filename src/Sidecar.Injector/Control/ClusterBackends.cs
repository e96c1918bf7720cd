using Sidecar.Injector.Admission;
using Sidecar.Injector.Commands;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Kubernetes;
using Sidecar.Injector.Serving;
using Sidecar.Injector.Telemetry;
using Sidecar.Injector.Validation;

namespace Sidecar.Injector.Control;

/// <summary>What <c>serve</c> stands on: the control plane, under the options of the command line.</summary>
public sealed class ClusterBackends : IServeBackends
{
    private readonly ControlPlane _control;

    private ClusterBackends(ControlPlane control) => _control = control;

    /// <inheritdoc/>
    public IClusterView Cluster => _control.Cluster;

    /// <inheritdoc/>
    public IServingCertificate Certificate => _control.Certificate;

    /// <inheritdoc/>
    public IDocumentValidator Documents { get; } = new DocumentValidator();

    /// <inheritdoc/>
    public IReadOnlyList<string> NotReady => _control.NotReady;

    /// <summary>Starts it; it becomes ready by itself.</summary>
    /// <param name="options">Of the command line.</param>
    /// <param name="log">Gets the events.</param>
    /// <param name="time">The clock.</param>
    /// <param name="variable">Reads an environment variable: where pods find the API server.</param>
    /// <exception cref="UsageException">The options contradict each other, or where the process runs.</exception>
    public static IServeBackends Start(ServeOptions options, EventLog log, TimeProvider time, Func<string, string?> variable)
    {
        var controlOptions = new ControlOptions(Endpoint(options, variable), options.Namespace, options.Service)
        {
            WebhookConfiguration = options.WebhookConfiguration,
            CertificateDirectory = options.CertificateDirectory,
            CertificateSecret = options.CertificateSecret,
            IsCaBundleLeft = options.IsCaBundleLeft,
            CountPods = options.CountPods,
        };
        if (controlOptions.Problem is { } problem)
        {
            throw new UsageException([problem]);
        }

        var control = ControlPlane.Create(controlOptions, time, new ControlLog(log));
        control.Start();
        return new ClusterBackends(control);
    }

    /// <inheritdoc/>
    public void WriteMetrics(TextWriter writer) => _control.WriteMetrics(writer);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _control.DisposeAsync();

    private static ApiEndpoint? Endpoint(ServeOptions options, Func<string, string?> variable)
    {
        if (options.Kubernetes is null)
        {
            return ApiEndpoint.InCluster(variable);
        }

        if (options.Kubernetes == "none")
        {
            return null;
        }

        return Uri.TryCreate(options.Kubernetes, UriKind.Absolute, out var server) && server.Scheme == Uri.UriSchemeHttps
            ? new ApiEndpoint(server) { TokenFile = options.KubernetesToken, AuthorityFile = options.KubernetesCa }
            : throw new UsageException([$"--kubernetes {options.Kubernetes}: write an https:// address, or none"]);
    }
}
