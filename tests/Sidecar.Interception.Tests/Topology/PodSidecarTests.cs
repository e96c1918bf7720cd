using System.Net;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>That traffic of a pod with a sidecar passes the sidecar: without this every comparison would hold for nothing.</summary>
public sealed class PodSidecarTests : IInterceptedSuite
{
    [NetnsTheory]
    [InlineData(Direction.Outbound, false)]
    [InlineData(Direction.Outbound, true)]
    [InlineData(Direction.Inbound, false)]
    [InlineData(Direction.Inbound, true)]
    public async Task Connection_OfAPodWithASidecar_PassesTheProxy(Direction direction, bool isIPv6)
    {
        await using var network = await PodNetwork.CreateAsync();
        await network.Pod.StartSidecarAsync(PodDocument.Passthrough);
        var (from, at, address) = network.Path(direction, isIPv6);
        await using var server = WireServer.StartHttp(at, "answer");
        var before = network.Pod.Network.CountOpens();

        Assert.Equal("answer", (await WireClient.GetAsync(from, new IPEndPoint(address, server.Port))).BodyText);

        // Outbound: the application's dial and the proxy's, of which the proxy accepted one. Inbound: the proxy accepts,
        // and dials the application, which accepts.
        var opened = network.Pod.Network.CountOpens() - before;
        Assert.Equal(direction == Direction.Outbound ? new TcpOpens(2, 1) : new TcpOpens(1, 2), opened);
    }

    [NetnsFact]
    public async Task Connection_OfTheProxysUser_IsNotRedirected()
    {
        await using var network = await PodNetwork.CreateAsync();
        await network.Pod.StartSidecarAsync(PodDocument.Passthrough);
        await using var server = WireServer.StartHttp(network.Peer, "answer");
        var before = network.Pod.Network.CountOpens();
        var url = $"http://{PodNetwork.PeerAddress(isIPv6: false)}:{server.Port}/";
        var result = await NamespaceProcess.RunAsync(network.Pod.Network, PodSidecar.User, ["curl", "-sS", "-m", "20", url]);

        Assert.Equal("answer", result.Output);
        Assert.Equal(new TcpOpens(1, 0), network.Pod.Network.CountOpens() - before);
    }
}
