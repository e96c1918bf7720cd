using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// Speaks TLS to the destinations of one cluster. Done in the connect callback rather than by the HTTP client, because
/// the client takes the name to verify from the caller's <c>Host</c> header, and its options once for ever.
/// </summary>
/// <param name="files">Certificates.</param>
/// <param name="serverName">SNI and verified name; null is the address's host.</param>
internal sealed class TlsOrigination(TlsFiles files, string? serverName)
{
    private static readonly List<SslApplicationProtocol> s_http2 = [SslApplicationProtocol.Http2];
    private static readonly List<SslApplicationProtocol> s_any = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    // Once an upstream declined HTTP/2 the client's pool treats every further connection as HTTP/1, for the life of the
    // pool: offering h2 again could then end in HTTP/1 bytes on an h2 connection.
    private volatile bool _hasDeclinedHttp2;

    /// <summary>Shakes hands.</summary>
    /// <param name="inner">The connection; closed with the result, and on failure.</param>
    /// <param name="host">The address's host.</param>
    /// <param name="request">The request the connection is opened for: its version decides what ALPN offers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="UpstreamConnectException">The handshake failed, or our own files cannot be used.</exception>
    public async ValueTask<Stream> AuthenticateAsync(Stream inner, string host, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (files.Get(out var failure) is not { } credentials)
        {
            throw new UpstreamConnectException(ProxyError.ConnectFailed, $"TLS: {failure}");
        }

        string? rejection = null;
        var offersHttp2 = request.Version >= HttpVersion.Version20
            && (request.VersionPolicy != HttpVersionPolicy.RequestVersionOrLower || !_hasDeclinedHttp2);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = serverName ?? host,
            ClientCertificateContext = credentials.ClientCertificate,
            CertificateChainPolicy = ChainPolicy(credentials.Roots),
            ApplicationProtocols = !offersHttp2 ? null : request.VersionPolicy == HttpVersionPolicy.RequestVersionOrLower ? s_any : s_http2,
            RemoteCertificateValidationCallback = (_, _, chain, errors) => (rejection = Rejection(errors, chain)) is null,
        };

        var stream = new SslStream(inner, leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(options, cancellationToken);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or InvalidOperationException)
        {
            await stream.DisposeAsync();
            throw new UpstreamConnectException(ProxyError.ConnectFailed, rejection ?? "TLS handshake failed.", e);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }

        if (offersHttp2 && stream.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
        {
            _hasDeclinedHttp2 = true;
        }

        return stream;
    }

    private static X509ChainPolicy? ChainPolicy(X509Certificate2Collection? roots)
    {
        if (roots is null)
        {
            return null;
        }

        // One per handshake: the chain engine writes into it.
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }

    private static string? Rejection(SslPolicyErrors errors, X509Chain? chain)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "TLS certificate rejected: the upstream presented none.";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return "TLS certificate rejected: it is not for this server name.";
        }

        var status = chain is { ChainStatus.Length: > 0 } ? chain.ChainStatus[0].Status : X509ChainStatusFlags.NoError;
        return $"TLS certificate rejected: {status}.";
    }
}
