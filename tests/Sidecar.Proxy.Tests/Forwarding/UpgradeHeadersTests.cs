using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class UpgradeHeadersTests
{
    [Theory]
    [InlineData("chat/1")]
    [InlineData("tcp")]
    [InlineData("IRC/6.9, RTA/x11")]
    public void IsCarried_ProtocolsOfApplications_Are(string upgrade) => Assert.True(UpgradeHeaders.IsCarried(upgrade));

    // WebSocket and SPDY go another way; behind HTTP/2 and TLS the requests would meet no policy.
    [Theory]
    [InlineData("")]
    [InlineData("websocket")]
    [InlineData("WebSocket")]
    [InlineData("SPDY/3.1")]
    [InlineData("h2c")]
    [InlineData("H2C")]
    [InlineData("chat/1, h2c")]
    [InlineData("TLS/1.3")]
    [InlineData("HTTP/2.0")]
    public void IsCarried_HttpItselfAndWhatYarpCarries_AreNot(string upgrade) => Assert.False(UpgradeHeaders.IsCarried(upgrade));
}
