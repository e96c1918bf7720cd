using System.Net;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>One send over HTTP/2 with prior knowledge: what the client would repeat by itself, and what it reports.</summary>
public class Http2Tests
{
    private const uint NoError = 0, ProtocolError = 1, InternalError = 2, RefusedStream = 7;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SendAsync_RefusedStream_ArrivesOnceAndIsReported(bool hasBody)
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(H2c(server));

        var sending = cluster.SendAsync("POST", hasBody ? new StringContent("body") : null);
        var connection = await server.AcceptOneAsync();
        var http2 = await RawHttp2.StartAsync(connection);
        var stream = await http2.ReadRequestAsync();
        await http2.ResetAsync(stream, RefusedStream);
        var result = await sending;

        Assert.Equal(ProxyError.UpstreamClosed, result.Error);
        Assert.True(result.IsRefusedStream);
        Assert.False(result.IsConnectTimeout);
        Assert.NotNull(result.Detail);

        // The next head on the wire is the next request's: nothing came in between.
        var next = cluster.SendAsync();
        var nextStream = await http2.ReadRequestAsync();
        await http2.RespondAsync(nextStream);
        Assert.Equal("", await (await next).ReadAsync());
        Assert.Equal(stream + 2, nextStream);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_GoAwayBelowOurStream_IsReportedAsRefusedWithoutAnotherConnection()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(H2c(server));

        var sending = cluster.SendAsync("DELETE");
        var http2 = await RawHttp2.StartAsync(await server.AcceptOneAsync());
        await http2.ReadRequestAsync();
        await http2.GoAwayAsync(lastStream: 0, NoError);
        var result = await sending;

        Assert.Equal(ProxyError.UpstreamClosed, result.Error);
        Assert.True(result.IsRefusedStream);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_GoAwayAboveOurStream_IsStillAnswered()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(H2c(server));

        var sending = cluster.SendAsync();
        var http2 = await RawHttp2.StartAsync(await server.AcceptOneAsync());
        var stream = await http2.ReadRequestAsync();
        await http2.GoAwayAsync(stream, NoError);
        await http2.RespondAsync(stream);

        Assert.Equal("", await (await sending).ReadAsync());
    }

    [Theory]
    [InlineData(InternalError, ProxyError.UpstreamClosed)]
    [InlineData(ProtocolError, ProxyError.UpstreamProtocol)]
    public async Task SendAsync_ResetByTheUpstream_IsNotRefused(uint code, ProxyError expected)
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(H2c(server));

        var sending = cluster.SendAsync("POST");
        var http2 = await RawHttp2.StartAsync(await server.AcceptOneAsync());
        await http2.ResetAsync(await http2.ReadRequestAsync(), code);
        var result = await sending;

        Assert.Equal(expected, result.Error);
        Assert.False(result.IsRefusedStream);
        Assert.True(result.WasSent);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_ConnectionLost_IsUpstreamClosed()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(H2c(server));

        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await (await RawHttp2.StartAsync(connection)).ReadRequestAsync();
        connection.Dispose();
        var result = await sending;

        Assert.Equal(ProxyError.UpstreamClosed, result.Error);
        Assert.False(result.IsRefusedStream);
        Assert.True(result.WasSent);
    }

    [Fact]
    public async Task SendAsync_UpstreamSpeaksHttp1_IsProtocolError()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(H2c(server));

        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadExactlyAsync(24);
        await connection.WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        var result = await sending;

        Assert.Equal(ProxyError.UpstreamProtocol, result.Error);
    }

    [Theory]
    [InlineData(UpstreamProtocol.Auto, true, "2.0")]
    [InlineData(UpstreamProtocol.Auto, false, "1.1")]
    [InlineData(UpstreamProtocol.Http1, true, "1.1")]
    [InlineData(UpstreamProtocol.Http2, false, "2.0")]
    public async Task SendAsync_Cleartext_SpeaksWhatTheClusterSays(UpstreamProtocol protocol, bool isCallerHttp2, string expected)
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address) with { Protocol = protocol });

        var sending = cluster.SendAsync(isCallerHttp2: isCallerHttp2);
        var connection = await server.AcceptOneAsync();
        if (expected == "2.0")
        {
            var http2 = await RawHttp2.StartAsync(connection);
            await http2.RespondAsync(await http2.ReadRequestAsync());
        }
        else
        {
            await connection.ReadHeadAsync();
            await connection.RespondAsync("");
        }

        using var response = (await sending).Response!;
        Assert.Equal(Version.Parse(expected), response.Version);
    }

    [Fact]
    public async Task SendAsync_FreshConnection_OpensAndClosesItsOwn()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(H2c(server));
        var sending = cluster.SendAsync();
        var pooled = await RawHttp2.StartAsync(await server.AcceptOneAsync());
        await pooled.RespondAsync(await pooled.ReadRequestAsync());
        await (await sending).ReadAsync();

        sending = cluster.SendAsync(needsFreshConnection: true);
        var connection = await server.AcceptOneAsync();
        var fresh = await RawHttp2.StartAsync(connection);
        await fresh.RespondAsync(await fresh.ReadRequestAsync());
        await (await sending).ReadAsync();

        await connection.ReadToEndAsync();
        Assert.Equal(1, cluster.OpenConnections);
    }

    private static ClusterConfiguration H2c(RawServer server) =>
        TestClusters.Cluster(server.Address) with { Protocol = UpstreamProtocol.Http2 };
}
