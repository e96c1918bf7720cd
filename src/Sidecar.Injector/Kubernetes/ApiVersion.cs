namespace Sidecar.Injector.Kubernetes;

/// <summary>The API server's version.</summary>
internal static class ApiVersion
{
    /// <summary>Asks for it.</summary>
    /// <returns>Null when the answer has no version that can be read.</returns>
    /// <exception cref="ApiException">The server cannot be asked.</exception>
    public static async Task<KubernetesVersion?> ReadAsync(ApiClient api, CancellationToken cancellationToken)
    {
        using var answer = await api.GetAsync("/version", cancellationToken);
        return KubernetesVersion.Parse(answer.RootElement.Text("gitVersion"));
    }
}
