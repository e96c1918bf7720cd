using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>One send over HTTP/1, its facts and its failures.</summary>
public class UpstreamClusterTests
{
    [Fact]
    public async Task SendAsync_Answered_GivesResponseAndFacts()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        var head = await connection.ReadHeadAsync();
        await connection.RespondAsync("one");
        var first = await sending;
        Assert.Equal("one", await first.ReadAsync());

        sending = cluster.SendAsync();
        await connection.ReadHeadAsync();
        await connection.RespondAsync("two");
        var second = await sending;
        Assert.Equal("two", await second.ReadAsync());

        Assert.Equal($"GET /x HTTP/1.1\r\nx-first: 1\r\nx-second: 2\r\nHost: 127.0.0.1:{server.Port}\r\n\r\n", head);
        Assert.Equal((ProxyError.None, true, false, true), (first.Error, first.WasSent, first.IsConnectionReused, first.IsResponseStarted));
        Assert.True(second.IsConnectionReused);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_HeaderBytesAboveAscii_SurviveBothWays()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync(customize: request => request.Headers.TryAddWithoutValidation("x-name", "caf\u00e9 \u00ff"));
        var connection = await server.AcceptOneAsync();
        var head = await connection.ReadHeadAsync();
        await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-back: \u00fcber\r\n\r\n");
        using var response = (await sending).Response!;

        Assert.Contains("x-name: caf\u00e9 \u00ff\r\n", head, StringComparison.Ordinal);
        Assert.Equal("\u00fcber", response.Headers.NonValidated["x-back"].ToString());
    }

    [Fact]
    public async Task SendAsync_RedirectCookieAndCompression_PassUntouched()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var connection = await HiddenRetryTests.WarmUpAsync(server, cluster);

        var sending = cluster.SendAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync("HTTP/1.1 302 Found\r\nLocation: /other\r\nSet-Cookie: a=b\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw");
        var result = await sending;
        Assert.Equal(HttpStatusCode.Found, result.Response!.StatusCode);
        Assert.Equal("raw", await result.ReadAsync());

        sending = cluster.SendAsync();
        var head = await connection.ReadHeadAsync();
        await connection.RespondAsync();
        await (await sending).ReadAsync();
        Assert.DoesNotContain("Cookie", head, StringComparison.Ordinal);
        Assert.DoesNotContain("traceparent", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_NobodyListens_IsConnectFailed()
    {
        Uri address;
        using (var server = new RawServer())
        {
            address = server.Address;
        }

        await using var registry = TestClusters.Registry();
        var result = await registry.Start(TestClusters.Cluster(address)).SendAsync("POST");

        Assert.Equal(ProxyError.ConnectFailed, result.Error);
        Assert.Equal("Connect failed: connection refused.", result.Detail);
        Assert.False(result.WasSent);
        Assert.False(result.IsConnectTimeout);
    }

    [Fact]
    public async Task SendAsync_HandshakeHangs_IsConnectTimeout()
    {
        // A server that accepts and says nothing: the dial succeeds, the TLS handshake never ends.
        using var server = new RawServer();
        var time = new ManualTime();
        await using var registry = TestClusters.Registry(time);
        var cluster = registry.Start(TestClusters.Cluster(new Uri($"https://127.0.0.1:{server.Port}/")));

        var sending = cluster.SendAsync(connectTimeout: TimeSpan.FromSeconds(3));
        await server.AcceptOneAsync();
        await time.WaitForArmedAsync(1);
        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        var result = await sending;

        Assert.Equal(ProxyError.ConnectFailed, result.Error);
        Assert.True(result.IsConnectTimeout);
        Assert.False(result.WasSent);
    }

    [Fact]
    public async Task SendAsync_ConnectedInTime_TimeoutDoesNotCountTheWaitForHeaders()
    {
        using var server = new RawServer();
        var time = new ManualTime();
        await using var registry = TestClusters.Registry(time);
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync(connectTimeout: TimeSpan.FromSeconds(3));
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        time.Advance(TimeSpan.FromHours(1));
        await connection.RespondAsync("late");

        Assert.Equal("late", await (await sending).ReadAsync());
    }

    [Fact]
    public async Task SendAsync_CancelledWhileWaiting_IsCallerGone()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        using var cancel = new CancellationTokenSource();

        var sending = cluster.SendAsync(connectTimeout: TimeSpan.FromSeconds(3), cancellationToken: cancel.Token);
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await cancel.CancelAsync();
        var result = await sending;

        Assert.Equal(ProxyError.CallerGone, result.Error);
        Assert.True(result.WasSent);
        Assert.True(await connection.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task SendAsync_CancelledBefore_SendsNothing()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var result = await registry.Start(TestClusters.Cluster(server.Address)).SendAsync(cancellationToken: new CancellationToken(canceled: true));

        Assert.Equal(ProxyError.CallerGone, result.Error);
        Assert.False(result.WasSent);
        Assert.Equal(0, server.AcceptedCount);
    }

    [Theory]
    [InlineData("rubbish\r\n\r\n", ProxyError.UpstreamProtocol, true)]
    [InlineData("HTTP/1.1 200 OK\r\nbroken header\r\n\r\n", ProxyError.UpstreamProtocol, true)]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n", ProxyError.UpstreamProtocol, true)]
    [InlineData("HTTP/1.1 200 OK\r\nHalf", ProxyError.UpstreamClosed, true)]
    [InlineData("", ProxyError.UpstreamClosed, false)]
    public async Task SendAsync_BadResponse_IsNamedWithoutItsBytes(string response, ProxyError expected, bool isStarted)
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync(response);
        connection.HalfClose();
        var result = await sending;

        Assert.Equal(expected, result.Error);
        Assert.Equal(isStarted, result.IsResponseStarted);
        Assert.True(result.WasSent);
        Assert.DoesNotContain("rubbish", result.Detail!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_ResponseHeadersBeyondTheLimit_IsProtocolError()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync($"HTTP/1.1 200 OK\r\nx-large: {new string('x', 70_000)}\r\n\r\n");
        var result = await sending;

        Assert.Equal(ProxyError.UpstreamProtocol, result.Error);
    }

    [Fact]
    public async Task SendAsync_BodyOfTheCallerFails_IsNotTheUpstreamsFailure()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var content = new GatedContent("first", "second");

        var sending = cluster.SendAsync("POST", content);
        var connection = await server.AcceptOneAsync();
        await connection.ReadUntilAsync("first");
        content.Fail(new IOException("The caller's connection.", new SocketException((int)SocketError.ConnectionReset)));
        var result = await sending;

        Assert.Equal(ProxyError.CallerGone, result.Error);
        Assert.True(result.WasSent);
    }

    [Fact]
    public async Task SendAsync_UpstreamResetsWhileBodyIsWritten_IsUpstreamClosed()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var content = new StreamContent(new EndlessStream());

        var sending = cluster.SendAsync("POST", content);
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        connection.Reset();
        var result = await sending;

        Assert.Equal(ProxyError.UpstreamClosed, result.Error);
        Assert.True(result.WasSent);
        Assert.False(result.IsResponseStarted);
    }

    [Fact]
    public async Task SendAsync_NeedsFreshConnection_LeavesTheIdleOneAlone()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        await HiddenRetryTests.WarmUpAsync(server, cluster);

        var sending = cluster.SendAsync(needsFreshConnection: true);
        var fresh = await server.AcceptOneAsync();
        await fresh.ReadHeadAsync();
        await fresh.RespondAsync();
        var result = await sending;

        Assert.False(result.IsConnectionReused);
        Assert.Equal("ok", await result.ReadAsync());
        Assert.True(await fresh.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task SendAsync_BeyondTheConnectionLimit_IsOverloadedAtOnce()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(Limited(server, 2));

        var held = new[] { cluster.SendAsync(), cluster.SendAsync() };
        var connections = new[] { await server.AcceptOneAsync(), await server.AcceptOneAsync() };
        var refused = await cluster.SendAsync();

        Assert.Equal(ProxyError.Overloaded, refused.Error);
        Assert.False(refused.WasSent);
        Assert.Equal(2, cluster.OpenConnections);
        foreach (var connection in connections)
        {
            await connection.ReadHeadAsync();
            await connection.RespondAsync();
        }

        Assert.Equal("ok", await (await held[0]).ReadAsync());
        Assert.Equal("ok", await (await held[1]).ReadAsync());
        Assert.Equal(2, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_AtTheLimitWithAnIdleConnection_FreshMeansThatOne()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(Limited(server, 1));
        var connection = await HiddenRetryTests.WarmUpAsync(server, cluster);

        var sending = cluster.SendAsync(needsFreshConnection: true);
        await connection.ReadHeadAsync();
        await connection.RespondAsync();

        Assert.True((await sending).IsConnectionReused);
    }

    [Fact]
    public async Task SendAsync_LostConnections_GiveTheirPlaceBack()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(Limited(server, 1));
        for (var i = 0; i < 5; i++)
        {
            var sending = cluster.SendAsync();
            var connection = await server.AcceptOneAsync();
            await connection.ReadHeadAsync();
            connection.Reset();
            Assert.Equal(ProxyError.UpstreamClosed, (await sending).Error);
        }

        Assert.Equal(0, cluster.OpenConnections);
    }

    private static ClusterConfiguration Limited(RawServer server, int max)
    {
        var cluster = TestClusters.Cluster(server.Address);
        return cluster with { Connections = cluster.Connections with { Max = max } };
    }

    private sealed class EndlessStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => count;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return buffer.Length;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
