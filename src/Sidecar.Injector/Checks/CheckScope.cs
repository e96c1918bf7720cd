using System.Text.Json;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>What <c>check</c> looks at, and with what.</summary>
/// <param name="Api">The API server.</param>
/// <param name="Namespace">Where the injector is, or will be.</param>
/// <param name="Service">Its Service.</param>
/// <param name="WebhookConfiguration">Name of both webhook configurations.</param>
/// <param name="CertificateSecret">Where the served certificate is kept.</param>
/// <param name="Time">The clock.</param>
internal sealed record CheckScope(
    ApiClient Api, string Namespace, string Service, string WebhookConfiguration, string CertificateSecret, TimeProvider Time)
{
    /// <summary>Namespaces by name; empty until they were read.</summary>
    public IReadOnlyDictionary<string, NamespaceFacts> Namespaces { get; init; } = new Dictionary<string, NamespaceFacts>();

    /// <summary>Reads an object; null when it does not exist.</summary>
    /// <exception cref="ApiException">It cannot be read.</exception>
    public async Task<JsonDocument?> FindAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await Api.GetAsync(path, cancellationToken);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }
}
