using System.Net;
using System.Net.Sockets;
using Sidecar.Init.Check;
using Sidecar.TestKit.Network;

namespace Sidecar.Init.Tests.Namespaces;

/// <summary>Where real connections arrive, and what <c>check</c> makes of it.</summary>
public sealed class RedirectionTests : IDisposable
{
    private readonly PodNetwork _pod = new();

    public static TheoryData<string> Backends => ApplyAndCleanTests.Backends;

    [NamespaceTheory]
    [MemberData(nameof(Backends))]
    public void Check_BeforeAndAfterApplyAndClean_FailsSucceedsFails(string backend)
    {
        var before = _pod.Init("check");
        Assert.Equal(0, _pod.Init($"apply --backend {backend}").ExitCode);
        var applied = _pod.Init("check");
        Assert.Equal(0, _pod.Init("clean").ExitCode);
        var cleaned = _pod.Init("check");

        Assert.Equal((1, 0, 1), (before.ExitCode, applied.ExitCode, cleaned.ExitCode));
        Assert.Contains("IPv4: a connection to 192.0.2.1:80 was not redirected: Connection refused", before.Error);
        Assert.Contains("sidecar-init apply", before.Error);
        Assert.Contains("IPv4: a connection to 192.0.2.1:80 arrived at 127.0.0.1:15101 with its original destination", applied.Output);
        Assert.Contains("IPv6: a connection to [2001:db8::1]:80 arrived at [::1]:15101 with its original destination", applied.Output);
    }

    [NamespaceTheory]
    [InlineData(6102, 6102, 1)]
    [InlineData(6102, 1000, 0)]
    [InlineData(1000, 6102, 0)]
    [InlineData(1000, 1000, 0)]
    public void Owner_OnlyUserAndGroupTogether_AreSpared(int uid, int gid, int expected)
    {
        foreach (var backend in new[] { "nft", "iptables" })
        {
            Assert.Equal(0, _pod.Init($"apply --backend {backend}").ExitCode);

            // Told of another proxy, check is an ordinary client of this user.
            Assert.Equal(expected, _pod.InitAs(uid, gid, "check --proxy-uid 7000 --proxy-gid 7000").ExitCode);

            Assert.Equal(0, _pod.Init("clean").ExitCode);
        }
    }

    [NamespaceTheory]
    [InlineData("--skip-outbound-ports 80", "192.0.2.1:443")]
    [InlineData("--include-outbound-ports 8000-8001", "192.0.2.1:8000")]
    [InlineData("--include-outbound-cidrs 192.0.2.0/24", "192.0.2.1:80")]
    [InlineData("--outbound-port 25101", "127.0.0.1:25101")]
    [InlineData("--ipv6 off", "IPv6: these options redirect nothing of it")]
    public void Check_WithTheOptionsOfApply_Succeeds(string options, string observed)
    {
        foreach (var backend in new[] { "nft", "iptables" })
        {
            Assert.Equal(0, _pod.Init($"apply --backend {backend} {options}").ExitCode);
            var result = _pod.Init($"check {options}");

            Assert.True(result.ExitCode == 0, result.ToString());
            Assert.Contains(observed, result.Output);
            Assert.Equal(0, _pod.Init("clean").ExitCode);
        }
    }

    [NamespaceTheory]
    [InlineData("--skip-outbound-ports 80")]
    [InlineData("--skip-outbound-cidrs 192.0.2.0/24,2001:db8::/32")]
    [InlineData("--include-outbound-ports 443")]
    [InlineData("--include-outbound-cidrs 10.0.0.0/8")]
    [InlineData("--skip-interfaces eth0")]
    public void Check_OfWhatIsSkipped_Fails(string options)
    {
        foreach (var backend in new[] { "nft", "iptables" })
        {
            Assert.Equal(0, _pod.Init($"apply --backend {backend} {options}").ExitCode);
            Assert.Equal(1, _pod.Init("check").ExitCode);
            Assert.Equal(0, _pod.Init("clean").ExitCode);
        }
    }

    [NamespaceFact]
    public void Check_ProxyListensAlready_IsProvenByTheAcceptedConnection()
    {
        using var proxyV4 = _pod.InPod(static () => Listen(IPAddress.Any, 15101));
        using var proxyV6 = _pod.InPod(static () => Listen(IPAddress.IPv6Any, 15101));

        Assert.Equal(1, _pod.Init("check").ExitCode);
        Assert.Equal(0, _pod.Init("apply").ExitCode);
        var result = _pod.Init("check");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("IPv4: a connection to 192.0.2.1:80, where nothing is, was accepted; port 15101 is in use", result.Output);
    }

    [NamespaceFact]
    public void Check_SomebodyElseAnswers_IsNoProof()
    {
        using var answerer = _pod.InNeighbour(static () => Listen(IPAddress.Any, 80));

        var result = _pod.Init("check");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("it was accepted, but not at 127.0.0.1:15101", result.Error);
    }

    [NamespaceFact]
    public void Check_AsTheProxysUser_SaysWhyItCannot()
    {
        var result = _pod.InitAs(6102, 6102, "check");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("runs as user 6102 and group 6102", result.Error);
    }

    [NamespaceFact]
    public void Check_WithoutARoute_SaysSo()
    {
        Assert.Equal(0, _pod.Run("ip", "route", "del", "default").ExitCode);
        Assert.Equal(0, _pod.Run("ip", "-6", "route", "del", "default").ExitCode);
        Assert.Equal(0, _pod.Init("apply").ExitCode);

        var result = _pod.Init("check");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("IPv4: no route to 192.0.2.1", result.Output);
        Assert.Contains("default route", result.Error);
    }

    [NamespaceFact]
    public void Check_PodWithoutIpv6_IsProvenByIpv4()
    {
        Assert.Equal(0, _pod.Run("ip", "-6", "route", "del", "default").ExitCode);
        Assert.Equal(0, _pod.Init("apply").ExitCode);

        Assert.Equal(0, _pod.Init("check").ExitCode);
    }

    [NamespaceTheory]
    [InlineData("nft", PodNetwork.PodV4)]
    [InlineData("nft", PodNetwork.PodV6)]
    [InlineData("iptables", PodNetwork.PodV4)]
    [InlineData("iptables", PodNetwork.PodV6)]
    public async Task Inbound_FromOutside_ReachesTheProxyExceptSkippedAndOwnPorts(string backend, string pod)
    {
        Assert.Equal(0, _pod.Init($"apply --backend {backend} --skip-inbound-ports 22").ExitCode);
        var any = pod == PodNetwork.PodV4 ? IPAddress.Any : IPAddress.IPv6Any;
        using var inbound = _pod.InPod(() => Listen(any, 15106));
        using var application = _pod.InPod(() => Listen(any, 8080));
        using var skipped = _pod.InPod(() => Listen(any, 22));
        using var metrics = _pod.InPod(() => Listen(any, 15120));

        Assert.Equal(new IPEndPoint(IPAddress.Parse(pod), 8080), await ArriveAsync(inbound, _pod.InNeighbour(() => Dial(pod, 8080))));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(pod), 9), await ArriveAsync(inbound, _pod.InNeighbour(() => Dial(pod, 9))));
        await ArriveAsync(skipped, _pod.InNeighbour(() => Dial(pod, 22)));
        await ArriveAsync(metrics, _pod.InNeighbour(() => Dial(pod, 15120)));
    }

    [NamespaceTheory]
    [InlineData("nft", PodNetwork.PodV4)]
    [InlineData("nft", "127.0.0.1")]
    [InlineData("nft", PodNetwork.PodV6)]
    [InlineData("nft", "::1")]
    [InlineData("iptables", PodNetwork.PodV4)]
    [InlineData("iptables", "127.0.0.1")]
    [InlineData("iptables", PodNetwork.PodV6)]
    [InlineData("iptables", "::1")]
    public async Task OwnAddress_DialledFromInside_ReachesTheApplicationAndNeverTheProxy(string backend, string address)
    {
        Assert.Equal(0, _pod.Init($"apply --backend {backend}").ExitCode);
        var any = address.Contains(':', StringComparison.Ordinal) ? IPAddress.IPv6Any : IPAddress.Any;
        using var application = _pod.InPod(() => Listen(any, 8080));

        // Nothing listens on the proxy's ports, so a redirected connection would be refused.
        await ArriveAsync(application, _pod.InPod(() => Dial(address, 8080)));
    }

    public void Dispose() => _pod.Dispose();

    private static Socket Listen(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen();
        return socket;
    }

    private static Socket Dial(string address, int port)
    {
        var remote = new IPEndPoint(IPAddress.Parse(address), port);
        var socket = new Socket(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(remote);
        return socket;
    }

    // The original destination of the connection, which must be the one that was dialled.
    private static async Task<IPEndPoint?> ArriveAsync(Socket listener, Socket client)
    {
        using (client)
        {
            var accepting = listener.AcceptAsync();
            await Patience.Await(accepting, $"a connection at {listener.LocalEndPoint}");
            using var accepted = await accepting;
            Assert.Equal(client.LocalEndPoint, accepted.RemoteEndPoint);
            return OriginalDestination.Of(accepted);
        }
    }
}
