using System.Net;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>A message that is another request's after one: nothing of the first may reach the second.</summary>
public class UpstreamMessageTests
{
    [Theory]
    [InlineData("api.test", true)]
    [InlineData("API.test", false)]
    [InlineData("other.test", false)]
    [InlineData(null, false)]
    public void Clear_WhateverItSaid_KeepsTheSameHostOnly(string? host, bool isKept)
    {
        using var message = new UpstreamMessage { Content = new NoBodyContent(saysLength: true), IsReusable = true };
        message.Headers.TryAddWithoutValidation("Host", "api.test");
        message.Headers.TryAddWithoutValidation("Authorization", "Bearer secret");
        message.Headers.TryAddWithoutValidation("x-request-id", "1");
        message.Headers.TryAddWithoutValidation("x-request-id", "2");
        CallTrace.Begin(message);

        message.Clear(host);

        Assert.Equal(isKept ? ["Host"] : [], message.Headers.NonValidated.Select(field => field.Key));
        Assert.Null(message.Content);
        Assert.Null(CallTrace.Of(message));
        Assert.False(message.IsReusable);
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(200)]
    public void Clear_ManyFields_NoneStays(int fields)
    {
        using var message = new UpstreamMessage();
        message.Headers.TryAddWithoutValidation("Host", "api.test");
        for (var i = 1; i < fields; i++)
        {
            message.Headers.TryAddWithoutValidation($"x-{i}", "1");
        }

        message.Clear("api.test");

        Assert.All(message.Headers.NonValidated, field => Assert.Equal("Host", field.Key));
    }

    [Fact]
    public async Task SendAsync_IdleConnectionAtHand_IsReusable()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));

        var first = await ExchangeAsync(server, cluster, isFirst: true);
        var second = await ExchangeAsync(server, cluster, isFirst: false);

        // The first was dialled for: the client's pool may go on dialling with a message that somebody else has been served by.
        Assert.False(first.IsReusable);
        Assert.True(second.IsReusable);
    }

    private RawConnection? _connection;

    private async Task<UpstreamMessage> ExchangeAsync(RawServer server, UpstreamCluster cluster, bool isFirst)
    {
        UpstreamMessage? message = null;
        var sending = cluster.SendAsync(customize: request => message = (UpstreamMessage)request);
        _connection = isFirst ? await server.AcceptOneAsync() : _connection!;
        await _connection.ReadHeadAsync();
        await _connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await (await sending).ReadAsync();
        Assert.Equal(HttpVersion.Version11, message!.Version);
        return message;
    }
}
