using System.Net;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>What every other test here takes for granted.</summary>
public sealed class NetworkNamespaceTests
{
    [NetnsFact]
    public async Task Socket_CreatedOnTheNamespaceThread_StaysInTheNamespaceWhoeverUsesIt()
    {
        await using var network = await PodNetwork.CreateAsync();
        using var listener = network.Peer.Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;

        foreach (var isIPv6 in new[] { false, true })
        {
            var accepting = listener.AcceptAsync();
            using var client = await network.Pod.Network.ConnectAsync(new IPEndPoint(PodNetwork.PeerAddress(isIPv6), port));
            using var server = await Patience.Await(accepting, "the peer accepts");

            // Asynchronous from here on, so on threads of the pool, none of which is in the namespace.
            await client.SendAsync("from the pod"u8.ToArray());
            var buffer = new byte[64];
            Assert.Equal("from the pod", System.Text.Encoding.ASCII.GetString(buffer, 0, await Patience.Await(server.ReceiveAsync(buffer), "bytes")));
            Assert.Equal(network.Pod.Address(isIPv6), ((IPEndPoint)client.LocalEndPoint!).Address);
            Assert.Equal(network.Pod.Address(isIPv6), Plain(((IPEndPoint)server.RemoteEndPoint!).Address));
        }
    }

    [NetnsFact]
    public async Task Namespaces_OfTwoPods_ReachEachOtherThroughThePeer()
    {
        await using var network = await PodNetwork.CreateAsync(pods: 2);
        foreach (var isIPv6 in new[] { false, true })
        {
            using var listener = network.Pods[1].Network.Listen();
            var accepting = listener.AcceptAsync();
            using var client = await network.Pods[0].Network.ConnectAsync(
                new IPEndPoint(network.Pods[1].Address(isIPv6), ((IPEndPoint)listener.LocalEndPoint!).Port));
            using var server = await Patience.Await(accepting, "the second pod accepts");
            Assert.Equal(network.Pods[0].Address(isIPv6), Plain(((IPEndPoint)server.RemoteEndPoint!).Address));
        }
    }

    [NetnsFact(Needs = "python3")]
    public async Task Dispose_WithAProcessRunning_LeavesNeitherProcessNorNamespace()
    {
        string name;
        int process;
        await using (var network = await PodNetwork.CreateAsync())
        {
            name = network.Pod.Network.Name;
            var application = network.Pod.Start(["python3", "-uc", "import os,time; print('user', os.getuid(), os.getgid()); time.sleep(600)"]);
            process = application.Id;
            Assert.Equal($"user {Pod.ApplicationUser} {Pod.ApplicationUser}", await application.WaitForLineAsync("user"));
        }

        Assert.DoesNotContain(name, (await Command.RunAsync("ip netns list")).Output, StringComparison.Ordinal);
        await Patience.Eventually(() => Task.FromResult(!IsAlive(process)), $"process {process} is gone");
    }

    [NetnsFact]
    public async Task CountOpens_OfANamespace_CountsItsOwnConnectionsOnly()
    {
        await using var network = await PodNetwork.CreateAsync();
        using var listener = network.Peer.Listen();
        var before = network.Pod.Network.CountOpens();
        var beforePeer = network.Peer.CountOpens();
        using var client = await network.Pod.Network.ConnectAsync(
            new IPEndPoint(PodNetwork.PeerAddress(isIPv6: false), ((IPEndPoint)listener.LocalEndPoint!).Port));
        using var server = await Patience.Await(listener.AcceptAsync(), "the peer accepts");

        Assert.Equal(new TcpOpens(1, 0), network.Pod.Network.CountOpens() - before);
        Assert.Equal(new TcpOpens(0, 1), network.Peer.CountOpens() - beforePeer);
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // A zombie is gone too: its parent is this process, which reaps it when it likes.
    private static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
