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
}
