using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Injector.Certificates;
using Sidecar.Injector.Tests.Kubernetes;
using Sidecar.TestKit.Network;

namespace Sidecar.Injector.Tests.Certificates;

/// <summary>Connects as an API server does: TLS, the Service's name, and nothing trusted but a caBundle.</summary>
internal static class Handshake
{
    /// <summary>caBundle of every webhook of both configurations.</summary>
    public static IEnumerable<string> Bundles(FakeApiServer server) =>
        new[] { Replica.MutatingPath, Replica.ValidatingPath }
            .SelectMany(path => server.Get(path)!["webhooks"]!.AsArray())
            .Select(static webhook => Decode(webhook!["clientConfig"]?["caBundle"]));

    public static string Decode(JsonNode? base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64?.GetValue<string>() ?? ""));

    /// <summary>A real connection; throws when the client refuses.</summary>
    public static async Task AssertAsync(X509Certificate2 served, string bundle, DateTimeOffset now, SslStreamCertificateContext? context = null)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        var accepting = listener.AcceptTcpClientAsync();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await accepting;
        await using var server = new SslStream(accepted.GetStream());
        await using var caller = new SslStream(client.GetStream());
        var serving = server.AuthenticateAsServerAsync(context is null
            ? new SslServerAuthenticationOptions { ServerCertificate = served }
            : new SslServerAuthenticationOptions { ServerCertificateContext = context });
        var calling = caller.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = Replica.HostName, CertificateChainPolicy = Policy(bundle, now) });
        await Patience.Await(calling, "the client's half of the handshake");
        await Patience.Await(serving, "the server's half of the handshake");
    }

    /// <summary>The same judgement without a connection.</summary>
    public static bool IsTrusted(X509Certificate2 served, string bundle, DateTimeOffset now)
    {
        using var chain = new X509Chain { ChainPolicy = Policy(bundle, now) };
        return chain.Build(served) && served.MatchesHostname(Replica.HostName);
    }

    private static X509ChainPolicy Policy(string bundle, DateTimeOffset now)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = now.UtcDateTime,
        };
        policy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1"));
        foreach (var facts in CertificateText.ReadBundle(bundle))
        {
            policy.CustomTrustStore.Add(facts.ToCertificate());
        }

        return policy;
    }
}
