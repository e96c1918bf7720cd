using System.Net.Sockets;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

public class UpstreamFailureTests
{
    // An upstream that resets what it has just accepted: one in some hundred times the client meets it between connect and use.
    [Fact]
    public void Classify_BareSocketErrorBeforeAConnectionWasUsed_IsAFailedConnect()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://a.test/");

        var result = UpstreamFailure.Classify(new SocketException((int)SocketError.NotConnected), new CallTrace(), request, CancellationToken.None);

        Assert.Equal(ProxyError.ConnectFailed, result.Error);
        Assert.False(result.WasSent);
    }
}
