using System.Text;
using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class ConnectionFieldEncodingTests
{
    // What the server below reduces to one word loses nothing, or nothing that would pass anyway.
    [Theory]
    [InlineData("")]
    [InlineData("close")]
    [InlineData("keep-alive")]
    [InlineData("Keep-Alive, Upgrade")]
    [InlineData("Upgrade, HTTP2-Settings")]
    [InlineData("TE, close")]
    [InlineData(", ,keep-alive,")]
    [InlineData("authorization, cookie, host, x-request-id")]
    public void Read_NothingNominatedThatMustGo_IsAsItStands(string line) => Assert.Equal(line, Read(line));

    [Theory]
    [InlineData("x-hop")]
    [InlineData("close, x-hop")]
    [InlineData("x-hop,keep-alive")]
    [InlineData("Upgrade, X-Hop")]
    [InlineData("trailer")]
    [InlineData("closed")]
    [InlineData("x-n\u00e9")]
    public void Read_SomethingNominated_CannotBeReducedToOneWord(string line) => Assert.Equal(line + ", close, keep-alive", Read(line));

    private static string Read(string line) => ConnectionFieldEncoding.Instance.GetString(Encoding.Latin1.GetBytes(line).AsSpan());
}
