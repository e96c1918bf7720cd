using System.Net.Sockets;
using Sidecar.Init.Check;
using Sidecar.Init.Options;
using Sidecar.Init.Tests.Options;

namespace Sidecar.Init.Tests.Check;

public sealed class ProbeTargetTests
{
    [Theory]
    [InlineData("", "192.0.2.1:80", "[2001:db8::1]:80")]
    [InlineData("--skip-outbound-ports 80", "192.0.2.1:443", "[2001:db8::1]:443")]
    [InlineData("--skip-outbound-ports 1-9000", "192.0.2.1:65535", "[2001:db8::1]:65535")]
    [InlineData("--skip-outbound-ports 1-9000,9100-65535", "192.0.2.1:9001", "[2001:db8::1]:9001")]
    [InlineData("--include-outbound-ports 9000-9001", "192.0.2.1:9000", "[2001:db8::1]:9000")]
    [InlineData("--include-outbound-cidrs 10.0.0.0/8", "10.0.0.0:80", null)]
    [InlineData("--skip-outbound-cidrs 0.0.0.0/0", null, "[2001:db8::1]:80")]
    [InlineData("--ipv6 off", "192.0.2.1:80", null)]
    [InlineData("--include-outbound-ports 53", null, null)]
    public void Choose_OfTheseOptions_IsSomethingThatTheyRedirect(string arguments, string? v4, string? v6)
    {
        var values = arguments.Length == 0 ? [] : new Dictionary<string, string> { [arguments.Split(' ')[0]] = arguments.Split(' ')[1] };
        var options = RedirectOptionsReaderTests.Read(values).Options!;

        Assert.Equal(v4, ProbeTarget.Choose(options, AddressFamily.InterNetwork)?.ToString());
        Assert.Equal(v6, ProbeTarget.Choose(options, AddressFamily.InterNetworkV6)?.ToString());
    }
}
