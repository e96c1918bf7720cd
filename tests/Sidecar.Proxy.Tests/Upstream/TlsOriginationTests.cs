using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

public sealed class TlsOriginationTests : IDisposable
{
    private readonly TestCertificates _files = new();
    private readonly ManualTime _time = new();
    private readonly EventLog _events = new();
    private string? _serverName;

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(UpstreamProtocol.Auto, HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(UpstreamProtocol.Auto, HttpProtocols.Http1, "HTTP/1.1")]
    [InlineData(UpstreamProtocol.Http2, HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(UpstreamProtocol.Http1, HttpProtocols.Http1AndHttp2, "HTTP/1.1")]
    public async Task SendAsync_TrustedServer_SpeaksWhatAlpnAgreedOn(UpstreamProtocol protocol, HttpProtocols offered, string expected)
    {
        await using var server = await StartAsync(offered);
        await using var registry = Registry();
        var cluster = registry.Start(Cluster(server) with { Protocol = protocol });

        // Twice at once and once after: what the pool learned from the first handshake holds for the others.
        var first = new[] { cluster.SendAsync(), cluster.SendAsync() };
        foreach (var result in await Task.WhenAll(first))
        {
            Assert.StartsWith($"{expected} ", await result.ReadAsync(), StringComparison.Ordinal);
        }

        Assert.StartsWith($"{expected} ", await (await cluster.SendAsync()).ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_UpgradeOverTls_StaysHttp1()
    {
        await using var server = await StartAsync();
        await using var registry = Registry();
        var cluster = registry.Start(Cluster(server));

        var result = await cluster.SendAsync(customize: request =>
        {
            request.Headers.Add("Connection", "Upgrade");
            request.Headers.Add("Upgrade", "websocket");
        });

        Assert.StartsWith("HTTP/1.1 ", await result.ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_HostHeaderOfTheCaller_DoesNotDecideWhomWeTrust()
    {
        await using var server = await StartAsync();
        await using var registry = Registry();
        var cluster = registry.Start(Cluster(server));

        var result = await cluster.SendAsync(customize: request => request.Headers.Host = "evil.test");

        Assert.Equal("HTTP/2 sni= host=evil.test client=", await result.ReadAsync());
    }

    [Fact]
    public async Task SendAsync_ServerName_IsSentAndVerified()
    {
        await using var server = await StartAsync(isForLoopback: false);
        await using var registry = Registry();
        var cluster = registry.Start(Cluster(server, serverName: "api.test"));

        var result = await cluster.SendAsync(customize: request => request.Headers.Host = "h");

        Assert.Equal("HTTP/2 sni=api.test host=h client=", await result.ReadAsync());
    }

    [Fact]
    public async Task SendAsync_CertificateForAnotherName_IsConnectFailed()
    {
        await using var server = await StartAsync();
        await using var registry = Registry();
        var result = await registry.Start(Cluster(server, serverName: "other.test")).SendAsync("POST");

        Assert.Equal(ProxyError.ConnectFailed, result.Error);
        Assert.Equal("TLS certificate rejected: it is not for this server name.", result.Detail);
        Assert.False(result.WasSent);
    }

    [Fact]
    public async Task SendAsync_UnknownAuthority_IsConnectFailed()
    {
        await using var server = await StartAsync();
        await using var registry = Registry();
        var cluster = registry.Start(Cluster(server) with { Tls = null });
        var result = await cluster.SendAsync();

        Assert.Equal(ProxyError.ConnectFailed, result.Error);
        Assert.StartsWith("TLS certificate rejected: ", result.Detail, StringComparison.Ordinal);
        Assert.Equal(0, cluster.OpenConnections);
    }

    [Fact]
    public async Task SendAsync_ServerSpeaksNoTls_IsConnectFailed()
    {
        using var server = new RawServer();
        await using var registry = Registry();
        var sending = registry.Start(TestClusters.Cluster(new Uri($"https://127.0.0.1:{server.Port}/"))).SendAsync();
        await (await server.AcceptOneAsync()).WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n");
        var result = await sending;

        Assert.Equal(ProxyError.ConnectFailed, result.Error);
        Assert.Equal("TLS handshake failed.", result.Detail);
    }

    [Fact]
    public async Task SendAsync_ClientCertificate_IsPresentedAndRotates()
    {
        await using var server = await StartAsync(HttpProtocols.Http1);
        await using var registry = Registry();
        var (certificate, key) = _files.WriteLeaf("client one");
        var tls = new TlsConfiguration(_files.WriteAuthority(), null, certificate, key);
        var cluster = registry.Start(Cluster(server) with { Tls = tls });
        Assert.EndsWith("client=CN=client one", await (await FreshAsync(cluster)).ReadAsync(), StringComparison.Ordinal);

        _files.WriteLeaf("client number two");
        Assert.EndsWith("client=CN=client one", await (await FreshAsync(cluster)).ReadAsync(), StringComparison.Ordinal);
        _time.Advance(TlsFiles.CheckInterval);

        Assert.EndsWith("client=CN=client number two", await (await FreshAsync(cluster)).ReadAsync(), StringComparison.Ordinal);
        Assert.Equal("tls reloaded", await _events.NextAsync());
    }

    [Fact]
    public async Task SendAsync_FilesBecomeUseless_TheLastGoodOnesServe()
    {
        await using var server = await StartAsync();
        await using var registry = Registry();
        var cluster = registry.Start(Cluster(server));
        await (await FreshAsync(cluster)).ReadAsync();

        _files.Write("ca.pem", "gone");
        _time.Advance(TlsFiles.CheckInterval);
        await (await FreshAsync(cluster)).ReadAsync();

        Assert.StartsWith("tls failed: ca '", await _events.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_FilesNeverUsable_SaysSoUntilTheyAre()
    {
        await using var server = await StartAsync();
        await using var registry = Registry();
        var cluster = registry.Start(Cluster(server) with { Tls = new TlsConfiguration(_files.Path("late.pem"), null, null, null) });
        var result = await cluster.SendAsync();
        Assert.Equal(ProxyError.ConnectFailed, result.Error);
        Assert.StartsWith($"TLS: ca '{_files.Path("late.pem")}' cannot be used: ", result.Detail, StringComparison.Ordinal);

        _files.WriteAuthority("late.pem");
        _time.Advance(TlsFiles.CheckInterval);

        Assert.NotNull((await cluster.SendAsync()).Response);
    }

    private static Task<UpstreamResult> FreshAsync(UpstreamCluster cluster) => cluster.SendAsync(needsFreshConnection: true);

    private UpstreamClusterRegistry Registry() => TestClusters.Registry(_time, events: _events);

    private ClusterConfiguration Cluster(WebApplication server, string? serverName = null)
    {
        var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return TestClusters.Cluster(new Uri(address)) with { Tls = new TlsConfiguration(_files.WriteAuthority(), serverName, null, null) };
    }

    private async Task<WebApplication> StartAsync(HttpProtocols protocols = HttpProtocols.Http1AndHttp2, bool isForLoopback = true)
    {
        var certificate = _files.CreateLeaf("api.test", isForLoopback);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificateSelector = (_, name) =>
                {
                    _serverName = name;
                    return certificate;
                },
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                ClientCertificateValidation = (_, _, _) => true,
            });
        }));
        var app = builder.Build();
        app.Run(context =>
        {
            var client = context.Connection.ClientCertificate?.Subject;
            return context.Response.WriteAsync($"{context.Request.Protocol} sni={_serverName} host={context.Request.Host} client={client}");
        });
        await app.StartAsync();
        return app;
    }
}
