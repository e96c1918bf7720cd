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
        using var message = Sent(("Host", "api.test"), ("Authorization", "Bearer secret"), ("x-request-id", "1"), ("x-request-id", "2"));
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
        using var message = Sent([("Host", "api.test"), .. Enumerable.Range(1, fields - 1).Select(i => ($"x-{i}", "1"))]);

        message.Clear("api.test");

        Assert.All(message.Headers.NonValidated, field => Assert.Equal("Host", field.Key));
    }

    [Fact]
    public void Clear_FieldThatTheClientDidNotWrite_DoesNotStay()
    {
        using var message = Sent(("Host", "api.test"), ("x-request-id", "1"));
        message.Headers.TryAddWithoutValidation("Authorization", "Bearer secret");

        message.Clear("api.test");

        Assert.Empty(message.Headers.NonValidated);
    }

    [Fact]
    public void Clear_FieldsOfItsContent_GoWithIt()
    {
        using var message = Sent(("Host", "api.test"));
        message.Content = new NoBodyContent(saysLength: true);
        message.OnField("Content-Type");

        message.Clear("api.test");

        Assert.Empty(message.Headers.NonValidated);
        Assert.Null(message.Content);
    }

    [Fact]
    public void Clear_Again_RemovesWhatItSaidSince()
    {
        using var message = Sent(("Host", "api.test"), ("x-first", "1"));
        message.Clear("api.test");
        Say(message, ("x-second", "2"));

        message.Clear("api.test");

        Assert.Equal(["Host"], message.Headers.NonValidated.Select(field => field.Key));
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

        // The client has told of each field: only the host stays.
        second.Clear(second.Headers.Host);
        Assert.Equal(["Host"], second.Headers.NonValidated.Select(field => field.Key));
    }

    private static UpstreamMessage Sent(params (string Name, string Value)[] fields)
    {
        var message = new UpstreamMessage();
        Say(message, fields);
        return message;
    }

    // As the client does: a field is told when it is written, once.
    private static void Say(UpstreamMessage message, params (string Name, string Value)[] fields)
    {
        message.IsReusable = true;
        foreach (var (name, value) in fields)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        foreach (var (name, _) in message.Headers.NonValidated)
        {
            message.OnField(name);
        }
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
