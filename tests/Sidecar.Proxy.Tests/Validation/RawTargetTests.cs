using Sidecar.Proxy.Validation;

namespace Sidecar.Proxy.Tests.Validation;

public class RawTargetTests
{
    [Theory]
    [InlineData("/a%2Fb/../c?x=%2f", "/a%2Fb/../c?x=%2f")]
    [InlineData("http://api.test/a%2Fb?x", "/a%2Fb?x")]
    [InlineData("HTTP://api.test", "/")]
    [InlineData("https://api.test:8443?q=1", "/?q=1")]
    public void PathAndQuery_AnyForm_KeepsEveryByteOfPathAndQuery(string target, string expected) =>
        Assert.Equal(expected, RawTarget.PathAndQuery(target));

    [Theory]
    [InlineData("http://")]
    [InlineData("http:///x")]
    [InlineData("http://user:secret@api.test/")]
    [InlineData("gopher://api.test/")]
    [InlineData("api.test:443")]
    public void TrySplitAbsolute_NotAnHttpTarget_IsFalse(string target) => Assert.False(RawTarget.TrySplitAbsolute(target, out _, out _));
}
