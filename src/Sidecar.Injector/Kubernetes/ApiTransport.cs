using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Injector.Kubernetes;

/// <summary>The HTTP handler of an endpoint: whom it trusts and who it says it is.</summary>
internal static class ApiTransport
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Makes it; the caller owns it.</summary>
    public static SocketsHttpHandler Create(ApiEndpoint endpoint)
    {
        var options = new SslClientAuthenticationOptions();
        if (endpoint.IsInsecure || endpoint.AuthorityFile is not null || endpoint.Authorities is not null)
        {
            options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(endpoint, certificate, chain, errors);
        }

        if (endpoint.ClientCertificate is { } client)
        {
            options.ClientCertificates = [client];
        }

        return new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            // The API server is reached by address; a redirect elsewhere would take the token along.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = endpoint.UsesProxy,
            ActivityHeadersPropagator = null,
            // A connection that survives for hours keeps talking to one of several API servers and never sees a new trust bundle.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            SslOptions = options,
        };
    }

    private static bool IsTrusted(ApiEndpoint endpoint, X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (endpoint.IsInsecure)
        {
            return true;
        }

        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        try
        {
            // The chain that was handed in knows only the system's authorities.
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(endpoint.ReadAuthorities() ?? []);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;
            foreach (var element in presented?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            {
                chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            }

            using var server = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return chain.Build(server);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            // The authorities cannot be read just now: then nobody is trusted.
            return false;
        }
    }
}
