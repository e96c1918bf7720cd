using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>The HTTP client never sends a request twice (src/decisions/0006-hidden-retries.md).</summary>
public class HiddenRetryTests
{
    public static TheoryData<string> Methods => ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH", "OPTIONS"];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task SendAsync_IdleConnectionClosedUponRequest_ReachesUpstreamOnce(string method)
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var connection = await WarmUpAsync(server, cluster);

        var sending = cluster.SendAsync(method);
        await connection.ReadHeadAsync();
        connection.Dispose();
        var result = await sending;

        AssertStale(result, ProxyError.UpstreamClosed);
        Assert.True(result.WasSent);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task SendAsync_IdleConnectionResetUponRequest_ReachesUpstreamOnce(string method)
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var connection = await WarmUpAsync(server, cluster);

        var sending = cluster.SendAsync(method);
        await connection.ReadHeadAsync();
        connection.Reset();
        var result = await sending;

        AssertStale(result, ProxyError.UpstreamClosed);
        Assert.True(result.WasSent);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_FirstRequestOfAConnectionClosed_IsNotReused()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync("DELETE");
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        connection.Dispose();
        var result = await sending;

        Assert.Equal(ProxyError.UpstreamClosed, result.Error);
        Assert.True(result.WasSent);
        Assert.False(result.IsConnectionReused);
        Assert.False(result.IsResponseStarted);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_ExpectContinueAndClosed_ReachesUpstreamOnce()
    {
        // The client's second kind of hidden retry: a body that waits for 100 (Continue) has not been sent yet.
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var connection = await WarmUpAsync(server, cluster);

        var sending = cluster.SendAsync("POST", new StringContent("body"), customize: request => request.Headers.ExpectContinue = true);
        await connection.ReadHeadAsync();
        connection.Dispose();
        var result = await sending;

        AssertStale(result, ProxyError.UpstreamClosed);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_ConnectionClosedWhileIdle_UsesAnotherWithoutAFailure()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var connection = await WarmUpAsync(server, cluster);
        connection.Dispose();

        var sending = cluster.SendAsync("POST");
        var result = await AnswerNextAsync(server, sending);

        // The close and the request race. Either the pool has seen the close and dials anew; or the request was sent
        // on the closed connection and fails as stale. It never arrives twice.
        if (result.Response is null)
        {
            AssertStale(result, ProxyError.UpstreamClosed);
        }
        else
        {
            Assert.Equal("ok", await result.ReadAsync());
            Assert.False(result.IsConnectionReused);
        }
    }

    [Fact]
    public async Task SendAsync_EndDelimitedBody_IsComplete()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync("HTTP/1.0 200 OK\r\n\r\nall of it");
        connection.HalfClose();

        Assert.Equal("all of it", await (await sending).ReadAsync());
    }

    [Fact]
    public async Task SendAsync_EndDelimitedBodyThatIsEmpty_IsComplete()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync("HTTP/1.0 200 OK\r\n\r\n");
        var result = await sending;
        connection.HalfClose();

        Assert.Equal("", await result.ReadAsync());
    }

    [Fact]
    public async Task SendAsync_EarlyEndDelimitedResponseWhileBodyIsWritten_IsComplete()
    {
        // The response begins before the request's last byte is written: bytes were read, then more were written, then
        // the stream ended. That end belongs to the response.
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var content = new GatedContent("first", "second");

        var sending = cluster.SendAsync("POST", content, customize: request => request.Headers.ExpectContinue = true);
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await connection.ReadUntilAsync("first");
        await connection.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nearly");
        content.Open();
        await connection.ReadUntilAsync("second");
        connection.HalfClose();

        Assert.Equal("early", await (await sending).ReadAsync());
    }

    [Fact]
    public async Task SendAsync_InterimResponses_AreSkipped()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
        await connection.RespondAsync("final");

        Assert.Equal("final", await (await sending).ReadAsync());
    }

    [Fact]
    public async Task SendAsync_ClosedAfterAnInterimResponse_IsStarted()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync("DELETE");
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync("HTTP/1.1 103 Early Hints\r\n\r\n");
        connection.HalfClose();
        var result = await sending;

        Assert.Equal(ProxyError.UpstreamClosed, result.Error);
        Assert.True(result.IsResponseStarted);
        Assert.Equal(1, server.AcceptedCount);
    }

    [Fact]
    public async Task SendAsync_Upgraded_CarriesBytesBothWaysAndTheEnd()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var sending = cluster.SendAsync(customize: request =>
        {
            request.Headers.Add("Connection", "Upgrade");
            request.Headers.Add("Upgrade", "echo");
        });
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello");
        using var response = (await sending).Response!;
        var stream = await response.Content.ReadAsStreamAsync();
        var hello = new byte[5];
        await stream.ReadExactlyAsync(hello);
        await stream.WriteAsync("bye!"u8.ToArray());
        await stream.FlushAsync();
        Assert.Equal("bye!", await connection.ReadUntilAsync("bye!"));
        connection.HalfClose();

        Assert.Equal(0, await stream.ReadAsync(hello).AsTask().WaitAsync(Limits.Safety));
    }

    /// <summary>One exchange, so that the connection lies idle in the pool.</summary>
    internal static async Task<RawConnection> WarmUpAsync(RawServer server, UpstreamCluster cluster)
    {
        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.RespondAsync("warm");
        var result = await sending;
        Assert.False(result.IsConnectionReused);
        Assert.Equal("warm", await result.ReadAsync());
        return connection;
    }

    private static async Task<UpstreamResult> AnswerNextAsync(RawServer server, Task<UpstreamResult> sending)
    {
        var accepting = server.AcceptOneAsync();
        if (await Task.WhenAny(accepting, sending) == accepting)
        {
            var connection = await accepting;
            await connection.ReadHeadAsync();
            await connection.RespondAsync();
        }

        return await sending;
    }

    private static void AssertStale(UpstreamResult result, ProxyError expected)
    {
        Assert.Null(result.Response);
        Assert.Equal(expected, result.Error);
        Assert.True(result.IsConnectionReused);
        Assert.False(result.IsResponseStarted);
        Assert.False(result.IsRefusedStream);
        Assert.False(result.IsConnectTimeout);
        Assert.NotNull(result.Detail);
    }
}
