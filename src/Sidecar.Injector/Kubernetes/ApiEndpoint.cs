using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Injector.Kubernetes;

/// <summary>Where the API server is, whom to trust there, and who asks.</summary>
/// <param name="Server">Base address; a path in it is kept (some kubeconfigs have one).</param>
public sealed record ApiEndpoint(Uri Server)
{
    private const string ServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>File with the bearer token, read at every request: the kubelet replaces it long before it expires.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The bearer token itself; only kubeconfig files have it.</summary>
    public string? Token { get; init; }

    /// <summary>File with the authorities to trust, read at every handshake, since it is replaced too. Null and no <see cref="Authorities"/>: the system's.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>The authorities to trust, where they are no file.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Client certificate with its key, as kubeadm's kubeconfig has it.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary><c>insecure-skip-tls-verify</c> of a kubeconfig: the server's certificate is not looked at.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>True uses the proxy of <c>HTTPS_PROXY</c>, as kubectl does; inside a cluster nothing stands between.</summary>
    public bool UsesProxy { get; init; }

    /// <summary>From what every pod has.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    /// <returns>Null outside a cluster.</returns>
    public static ApiEndpoint? InCluster(Func<string, string?> variable)
    {
        var (host, port) = (variable("KUBERNETES_SERVICE_HOST"), variable("KUBERNETES_SERVICE_PORT"));
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            return null;
        }

        // An IPv6 address comes without brackets.
        var authority = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
        return Uri.TryCreate($"https://{authority}", UriKind.Absolute, out var server)
            ? new ApiEndpoint(server) { TokenFile = $"{ServiceAccount}/token", AuthorityFile = $"{ServiceAccount}/ca.crt" }
            : null;
    }

    /// <summary>The bearer token of this moment; null when there is none to send.</summary>
    internal string? ReadToken()
    {
        if (TokenFile is null)
        {
            return Token;
        }

        var token = File.ReadAllText(TokenFile).Trim();
        return token.Length > 0 ? token : null;
    }

    /// <summary>The authorities of this moment; null: the system's.</summary>
    internal X509Certificate2Collection? ReadAuthorities()
    {
        if (AuthorityFile is null)
        {
            return Authorities;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(File.ReadAllText(AuthorityFile));
        return authorities;
    }
}
