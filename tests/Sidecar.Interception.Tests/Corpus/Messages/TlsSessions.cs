using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>TLS that the application itself started: the handshake of two real ends, so that one changed byte would break it.</summary>
internal static class TlsSessions
{
    private static readonly X509Certificate2 Certificate = CreateCertificate();

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        Session("tls-sni", "server.corpus.test"),
        Session("tls-no-sni", ""),
        Session("tls-sni-with-alpn-h2", "server.corpus.test", SslProtocols.None, "h2", "http/1.1"),
        Session("tls-sni-with-alpn-http1", "server.corpus.test", SslProtocols.None, "http/1.1"),
        Session("tls-alpn-own", "server.corpus.test", SslProtocols.None, "corpus/1"),
        Session("tls12", "server.corpus.test", SslProtocols.Tls12),
        Session("tls13", "server.corpus.test", SslProtocols.Tls13),
        Session("tls-long-sni", string.Join('.', Enumerable.Repeat(new string('n', 50), 4)) + ".test"),
        Session("tls-on-443", "server.corpus.test") with { Port = 443 },
        new("tls-refused-by-server", CorpusProtocol.Bytes,
            [Talk.Send("\u0016\u0003\u0001\u0000\u0005hello"), Talk.Receive(7), Talk.ReceiveToEnd],
            [Talk.Receive(10), Talk.Send("\u0015\u0003\u0003\u0000\u0002\u0002\u0028"), Talk.Close]),
    ];

    private static CorpusMessage Session(string id, string name, SslProtocols version = SslProtocols.None, params string[] protocols) => new(
        id,
        CorpusProtocol.Bytes,
        [
            Connect(name, version, protocols), Talk.Send("GET / HTTP/1.1\r\nHost: inside\r\n\r\n"), Talk.Receive("answer"),
            Talk.Send(Exchange.Noise(100_000)), Talk.Receive(100_000), End, Talk.ReceiveToEnd,
        ],
        [Accept(protocols), Talk.Receive("GET / HTTP/1.1\r\nHost: inside\r\n\r\n"), Talk.Send("answer"), Talk.Receive(100_000), Talk.Send(Exchange.Noise(100_000)), Talk.ReceiveToEnd, End]);

    // close_notify; then FIN comes with the end of the conversation.
    private static Step End => async side =>
    {
        await ((SslStream)side.Stream).ShutdownAsync();
        side.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
    };

    private static Step Connect(string name, SslProtocols version, string[] protocols) => async side =>
    {
        var tls = new SslStream(side.Stream);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = name,
                EnabledSslProtocols = version,
                ApplicationProtocols = protocols.Length == 0 ? null : [.. protocols.Select(protocol => new SslApplicationProtocol(protocol))],

                // Nobody in between may show one of his own.
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && certificate.GetCertHashString() == Certificate.GetCertHashString(),
            },
            side.Cancellation);
        Note(side, tls);
    };

    private static Step Accept(string[] protocols) => async side =>
    {
        var tls = new SslStream(side.Stream);
        await tls.AuthenticateAsServerAsync(
            (_, hello, _, _) =>
            {
                side.Transcript.Set("server name", hello.ServerName);
                return ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificate = Certificate,
                    ApplicationProtocols = protocols.Length == 0 ? null : [.. protocols.Select(protocol => new SslApplicationProtocol(protocol))],
                });
            },
            state: null,
            side.Cancellation);
        Note(side, tls);
    };

    private static void Note(Side side, SslStream tls)
    {
        side.Transcript.Set("session", $"{tls.SslProtocol} {Encoding.ASCII.GetString(tls.NegotiatedApplicationProtocol.Protocol.Span)}");
        side.Stream = tls;
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=server.corpus.test", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }
}
