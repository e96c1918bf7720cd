using System.Net;
using Sidecar.Contract;

namespace Sidecar.Interception.Tests.Loops;

/// <summary>
/// Everything that could make the proxy talk to itself. Each attempt must end in a refusal, with few connections, and the
/// proxy must go on working. Whoever finds another way adds it here.
/// </summary>
public sealed class LoopTests : IInterceptedSuite
{
    // An attempt takes a connection or two per hop. A loop takes thousands before the patience of a test ends.
    private const int MaxConnections = 40;

    [NetnsTheory]
    [InlineData(Ports.Outbound, "127.0.0.1")]
    [InlineData(Ports.Outbound, "::1")]
    [InlineData(Ports.Outbound, "10.61.1.2")]
    [InlineData(Ports.Outbound, "fd61:1::2")]
    [InlineData(Ports.Inbound, "127.0.0.1")]
    [InlineData(Ports.Inbound, "::1")]
    [InlineData(Ports.Inbound, "10.61.1.2")]
    [InlineData(Ports.Inbound, "fd61:1::2")]
    public async Task DirectDial_FromTheApplication_IsRefused(int port, string address)
    {
        await using var network = await StartAsync();
        await AssertRefusedAsync(network, network.Pod.Network, new IPEndPoint(IPAddress.Parse(address), port));
    }

    [NetnsTheory]
    [InlineData(Ports.Outbound, false)]
    [InlineData(Ports.Outbound, true)]
    [InlineData(Ports.Inbound, false)]
    [InlineData(Ports.Inbound, true)]
    public async Task DirectDial_FromOutside_IsRefused(int port, bool isIPv6)
    {
        await using var network = await StartAsync();
        await AssertRefusedAsync(network, network.Peer, new IPEndPoint(network.Pod.Address(isIPv6), port));
    }

    // A rule of somebody else's gives the proxy's own listener as the original destination.
    [NetnsTheory]
    [InlineData(Ports.Inbound, Ports.Outbound)]
    [InlineData(Ports.Outbound, Ports.Inbound)]
    [InlineData(Ports.Admin, Ports.Outbound)]
    [InlineData(Ports.Metrics, Ports.Outbound)]
    public async Task OriginalDestination_TheProxyItself_IsRefused(int dialled, int redirectedTo)
    {
        await using var network = await StartAsync();
        await network.Pod.Network.LoadRulesAsync($$"""
            table inet somebody {
                chain output {
                    type nat hook output priority -150; policy accept;
                    meta skuid 0 tcp dport {{dialled}} redirect to :{{redirectedTo}}
                }
            }

            """);
        foreach (var isIPv6 in new[] { false, true })
        {
            await AssertRefusedAsync(network, network.Pod.Network, new IPEndPoint(network.Pod.Address(isIPv6), dialled));
        }
    }

    // The service's endpoint is the proxy: what the application dials comes back to it from outside.
    [NetnsTheory]
    [InlineData(Ports.Outbound)]
    [InlineData(Ports.Inbound)]
    public async Task Service_WhoseEndpointIsAListenerOfTheProxy_IsRefused(int port)
    {
        await using var network = await StartAsync();
        await AddServiceAsync(network, "10.96.0.66", $"{network.Pod.Address(false)}:{port}");
        await AssertRefusedAsync(network, network.Pod.Network, new IPEndPoint(IPAddress.Parse("10.96.0.66"), 80));
    }

    // Under the application's user the proxy's own dials are redirected back to it, with the right original destination.
    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WrongUser_OwnDialsComeBack_AreRefused(bool isIPv6)
    {
        await using var network = await StartAsync(user: Pod.ApplicationUser);
        await using var server = WireServer.StartHttp(network.Peer, "never reached");
        await AssertRefusedAsync(network, network.Pod.Network, new IPEndPoint(PodNetwork.PeerAddress(isIPv6), server.Port), isPodUsable: false);
        Assert.Equal(0, server.ConnectionCount);
    }

    [NetnsFact]
    public async Task WrongUser_ManyAtOnce_AreAllRefused()
    {
        await using var network = await StartAsync(user: Pod.ApplicationUser);
        await using var server = WireServer.StartHttp(network.Peer, "never reached");
        var before = network.Pod.Network.CountOpens();
        var to = new IPEndPoint(PodNetwork.PeerAddress(isIPv6: false), server.Port);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => WireClient.GetAsync(network.Pod.Network, to)));

        // A limit may be faster than the loop guard; both are refusals, and both say whose.
        Assert.All(answers, answer => Assert.True(answer.Status is 508 or 503 && answer.Flags.Length > 0, $"{answer.StartLine}: {answer.BodyText}"));
        Assert.Contains(answers, answer => answer.Flags.Contains("LD"));
        AssertFew(network, before, 50 * MaxConnections);
        Assert.True(network.Pod.Sidecar.IsRunning);
    }

    // Routed here by mistake or on purpose: inbound serves the pod's own addresses only, never somebody else's.
    [NetnsTheory]
    [InlineData("10.55.0.1")]
    [InlineData("fd55::1")]
    public async Task Inbound_ForAForeignAddress_IsRefused(string foreign)
    {
        await using var network = await StartAsync();
        var isIPv6 = foreign.Contains(':', StringComparison.Ordinal);
        await Command.RunAsync($"ip -n {network.Peer.Name} {(isIPv6 ? "-6" : "-4")} route add {foreign} via {network.Pod.Address(isIPv6)}");
        await AssertRefusedAsync(network, network.Peer, new IPEndPoint(IPAddress.Parse(foreign), 8080));
    }

    [NetnsFact]
    public async Task Route_WhoseClusterIsTheProxy_IsRefused()
    {
        await using var network = await StartAsync($$"""
            version: 1
            listeners: { outbound: {}, inbound: {} }
            routes: { self: { direction: outbound, match: { path: "/{**rest}" }, cluster: self } }
            clusters: { self: { destinations: { a: { address: "http://127.0.0.1:{{Ports.Outbound}}" } } } }

            """);
        await using var server = WireServer.StartHttp(network.Peer, "never reached");
        var before = network.Pod.Network.CountOpens();
        var answer = await WireClient.GetAsync(network.Pod.Network, new IPEndPoint(PodNetwork.PeerAddress(isIPv6: false), server.Port));

        Assert.Equal(508, answer.Status);
        Assert.Contains("LD", answer.Flags);
        AssertFew(network, before, MaxConnections);
        Assert.True(network.Pod.Sidecar.IsRunning);
    }

    // The other side of the coin: these look like loops and are none, so they must work.
    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OwnPodAddress_DialledByTheApplication_IsAnswered(bool isIPv6)
    {
        await using var network = await StartAsync();
        await using var server = WireServer.StartHttp(network.Pod.Network, "myself");
        var before = network.Pod.Network.CountOpens();
        var answer = await WireClient.GetAsync(network.Pod.Network, new IPEndPoint(network.Pod.Address(isIPv6), server.Port));

        Assert.Equal("myself", answer.BodyText);
        AssertFew(network, before, MaxConnections);
    }

    [NetnsFact]
    public async Task OwnService_DialledByTheApplication_IsAnswered()
    {
        await using var network = await StartAsync();
        await using var server = WireServer.StartHttp(network.Pod.Network, "myself through the service");
        await AddServiceAsync(network, "10.96.0.10", $"{network.Pod.Address(false)}:{server.Port}");
        var before = network.Pod.Network.CountOpens();
        var answer = await WireClient.GetAsync(network.Pod.Network, new IPEndPoint(IPAddress.Parse("10.96.0.10"), 80), host: "self.shop.svc");

        Assert.Equal("myself through the service", answer.BodyText);
        AssertFew(network, before, MaxConnections);
    }

    [NetnsFact]
    public async Task OwnService_DialledWithBytes_IsAnswered()
    {
        await using var network = await StartAsync();
        await using var server = WireServer.Start(network.Pod.Network, async socket =>
        {
            await socket.SendAsync("banner"u8.ToArray());
            await socket.ReceiveAsync(new byte[1]);
        });
        await AddServiceAsync(network, "10.96.0.11", $"{network.Pod.Address(false)}:{server.Port}");
        using var client = await WireClient.ConnectAsync(network.Pod.Network, new IPEndPoint(IPAddress.Parse("10.96.0.11"), 80));
        Assert.Equal("banner", await client.ReceiveAsync(6));
    }

    // The kernel gives one port to two connections of different destinations, so an application's connection can come
    // from the very address and port that a connection of the proxy's own has. That is no loop.
    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SamePorts_OfTheApplicationAndOfTheProxysDials_AreNoLoop(bool isIPv6)
    {
        const int Destinations = 30;
        await using var network = await StartAsync();
        await Command.RunAsync(["ip", "netns", "exec", network.Pod.Network.Name, "sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40015"]);
        var servers = new List<WireServer>();
        var clients = new List<WireClient>();
        try
        {
            for (var i = 0; i < Destinations; i++)
            {
                servers.Add(WireServer.StartHttp(network.Peer, "reached"));
                clients.Add(await WireClient.ConnectAsync(network.Pod.Network, new IPEndPoint(PodNetwork.PeerAddress(isIPv6), servers[i].Port)));
                Assert.Equal("reached", (await clients[i].GetAsync()).BodyText);
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    private static async Task<PodNetwork> StartAsync(string document = PodDocument.Passthrough, int user = PodSidecar.User)
    {
        var network = await PodNetwork.CreateAsync();
        try
        {
            await network.Pod.StartSidecarAsync(document, user);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    // What kube-proxy writes on a node for a service of one endpoint, hairpin included: the endpoint may be the caller.
    private static Task AddServiceAsync(PodNetwork network, string address, string endpoint) => network.Peer.LoadRulesAsync($$"""
        table ip services {
            chain prerouting {
                type nat hook prerouting priority -100; policy accept;
                ip daddr {{address}} tcp dport 80 meta mark set 0x4000 dnat to {{endpoint}}
            }
            chain postrouting {
                type nat hook postrouting priority 100; policy accept;
                meta mark 0x4000 masquerade
            }
        }

        """);

    // HTTP is told why; bytes and silence are closed; and afterwards the pod works as before.
    private static async Task AssertRefusedAsync(PodNetwork network, NetworkNamespace from, IPEndPoint to, bool isPodUsable = true)
    {
        var before = network.Pod.Network.CountOpens();
        var answer = await WireClient.GetAsync(from, to);
        Assert.Equal(508, answer.Status);
        Assert.Contains("LD", answer.Flags);

        foreach (var firstBytes in new[] { "\u0000\u0001 no HTTP", "" })
        {
            AssertFew(network, before, MaxConnections);
            using var client = await WireClient.ConnectAsync(from, to);
            await client.SendAsync(firstBytes);
            try
            {
                Assert.Equal("", await client.ReceiveToEndAsync());
            }
            catch (TimeoutException)
            {
                // That nobody closed is the lesser news where it goes round and round.
                AssertFew(network, before, MaxConnections);
                throw;
            }
        }

        AssertFew(network, before, MaxConnections);
        Assert.True(network.Pod.Sidecar.IsRunning, network.Pod.Sidecar.Logs.Text);
        await network.Pod.Sidecar.AdminAsync("/livez");
        if (isPodUsable)
        {
            await using var server = WireServer.StartHttp(network.Peer, "still working");
            Assert.Equal("still working", (await WireClient.GetAsync(network.Pod.Network, new IPEndPoint(PodNetwork.PeerAddress(isIPv6: false), server.Port))).BodyText);
        }
    }

    private static void AssertFew(PodNetwork network, TcpOpens before, int max)
    {
        var opened = network.Pod.Network.CountOpens() - before;
        Assert.True(opened.Active <= max && opened.Passive <= max, $"{opened.Active} connections opened, {opened.Passive} accepted");
    }
}
