using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class UpstreamUriTests
{
    [Theory]
    [InlineData("/a%2Fb")]
    [InlineData("/a/../b/./c")]
    [InlineData("//double//slash")]
    [InlineData("/semi;colon?x=%zz&y=1+2#f")]
    [InlineData("/%c0%ae%c0%ae/")]
    [InlineData("/a|b^c`d{e}")]
    public void Create_AnyTarget_KeepsEveryByte(string target) =>
        Assert.Equal(target, UpstreamUri.Create(new Uri("http://10.0.0.7:8080"), target).PathAndQuery);

    [Fact]
    public void Create_DestinationWithPath_PutsItInFront()
    {
        var uri = UpstreamUri.Create(new Uri("https://api.test:8443/base/"), "/x?y");

        Assert.Equal("/base/x?y", uri.PathAndQuery);
        Assert.Equal("https", uri.Scheme);
        Assert.Equal(8443, uri.Port);
    }
}
