using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class HopByHopHeadersTests
{
    [Theory]
    [InlineData("Connection")]
    [InlineData("keep-alive")]
    [InlineData("TE")]
    [InlineData("Upgrade")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Proxy-Connection")]
    [InlineData("HTTP2-Settings")]
    public void Contains_FieldsOfOneConnection_EndHere(string name) => Assert.True(HopByHopHeaders.Contains(name));

    [Theory]
    [InlineData("Host")]
    [InlineData("Trailer")]
    [InlineData("Content-Length")]
    [InlineData("Authorization")]
    [InlineData("x-te")]
    public void Contains_EndToEndFields_Pass(string name) => Assert.False(HopByHopHeaders.Contains(name));

    [Theory]
    [InlineData("keep-alive", 0)]
    [InlineData("Close", 0)]
    [InlineData("keep-alive, X-Private", 1)]
    [InlineData("upgrade", 1)]
    public void Nominating_WhatNearlyAllSay_NominatesNothing(string connection, int count) =>
        Assert.Equal(count, HopByHopHeaders.Nominating(connection).Count);

    [Fact]
    public void Nominating_TwoLines_AreBothRead() => Assert.Equal(2, HopByHopHeaders.Nominating(new(["close", "x-private"])).Count);

    [Fact]
    public void IsNominated_FieldNamedByConnection_EndsHere()
    {
        Assert.True(HopByHopHeaders.IsNominated("close, X-Private", "x-private"));
        Assert.True(HopByHopHeaders.IsNominated(new(["close", "x-private"]), "X-Private"));
        Assert.False(HopByHopHeaders.IsNominated("close, X-Private", "x-other"));
    }

    [Theory]
    [InlineData("Host")]
    [InlineData("Authorization")]
    [InlineData("Cookie")]
    [InlineData("X-Forwarded-For")]
    [InlineData("Content-Length")]
    [InlineData("x-sidecar-flags")]
    [InlineData("x-request-id")]
    public void IsNominated_IdentityAndFraming_CannotBeNominatedAway(string name) =>
        Assert.False(HopByHopHeaders.IsNominated("close, " + name, name));

    [Theory]
    [InlineData("HTTP/1.1", "", "", false)]
    [InlineData("HTTP/1.1", "keep-alive", "", false)]
    [InlineData("HTTP/1.1", "x-hop, Close", "", true)]
    [InlineData("HTTP/1.1", "close, Upgrade", "websocket", false)]
    [InlineData("HTTP/1.0", "", "", true)]
    [InlineData("HTTP/1.0", "Keep-Alive", "", false)]
    [InlineData("HTTP/2", "", "", false)]
    public void AnnounceTheLastRequest_ByVersionAndConnection_AsTheSpecificationSays(string protocol, string connection, string upgrade, bool expected)
    {
        var request = new DefaultHttpContext().Request;
        request.Protocol = protocol;
        request.Headers.Connection = connection;
        request.Headers.Upgrade = upgrade.Length == 0 ? default : new(upgrade);
        Assert.Equal(expected, HopByHopHeaders.AnnounceTheLastRequest(request));
    }
}
