using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Tests.Interception;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Startup;

public class DrainableListenerFactoryTests
{
    private const string Request = "GET / HTTP/1.1\r\n\r\n";

    [Fact]
    public async Task StopAcceptingAsync_Inbound_ServesWhoIsConnectedAndNobodyElse()
    {
        await using var rig = new SorterRig(ListenerKind.Inbound);
        var factory = new DrainableListenerFactory(ProxyServices.SocketTransport(TimeProvider.System), _ => true, _ => rig.Listener);
        var listener = await factory.BindAsync(rig.Listener.EndPoint);
        using var client = rig.Connect();
        await Patience.Await(rig.Time.WaitForTimersAsync(1), "the detection time begins");

        await factory.StopAcceptingAsync();
        await factory.StopAcceptingAsync();
        await client.SendAsync(Request);

        var (http, _) = await rig.AcceptHttpAsync(Request.Length);
        Assert.Throws<SocketException>(() => rig.Connect());
        await rig.EndHttpAsync(http);
        await listener.UnbindAsync();
        Assert.Null(await Patience.Await(listener.AcceptAsync().AsTask(), "the accept loop of the server ends"));
    }

    [Fact]
    public async Task StopAcceptingAsync_Outbound_GoesOn()
    {
        await using var rig = new SorterRig();
        var factory = new DrainableListenerFactory(ProxyServices.SocketTransport(TimeProvider.System), _ => false, _ => rig.Listener);
        await factory.BindAsync(rig.Listener.EndPoint);

        await factory.StopAcceptingAsync();

        using var client = rig.Connect();
        await client.SendAsync(Request);
        var (http, _) = await rig.AcceptHttpAsync(Request.Length);
        await rig.EndHttpAsync(http);
    }

    [Fact]
    public async Task Create_AddressOfAnInterceptedListener_BindsIt()
    {
        await using var rig = new SorterRig();
        var (outbound, inbound) = (new IPEndPoint(IPAddress.IPv6Any, 0), new IPEndPoint(IPAddress.Loopback, 0));
        var listeners = new InterceptionListeners(
            new ListenersConfiguration(null, null, null) { Outbound = outbound, Inbound = inbound },
            new LoopGuard(new LocalAddresses(rig.Time), (_, _) => false, () => []),
            rig.Forwarder,
            rig.ServerFirst,
            () => new InterceptionConfiguration(SorterRig.Detection, [], []),
            10,
            rig.Counters,
            rig.Telemetry.Telemetry,
            rig.Time);

        await using var one = listeners.Create(outbound)!;
        await using var other = listeners.Create(inbound)!;

        Assert.Null(listeners.Create(new IPEndPoint(IPAddress.Loopback, 8080)));
        Assert.Null(listeners.Create(new IPEndPoint(IPAddress.IPv6Any, 0)));

        // Every address family reaches the one that is bound to all addresses; the kernel knows of no redirection here.
        using var client = RawClient.Connect(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)one.EndPoint).Port));
        await client.SendAsync(Request);
        var http = await Patience.Await(one.AcceptAsync().AsTask(), "the request is handed over");
        Assert.Equal(ListenerKind.Outbound, http!.Features.Get<ListenerFeature>()!.Kind);
        Assert.NotNull(http.Features.Get<ListenerFeature>()!.Refusal);
        await http.DisposeAsync();
        Assert.Equal(1, rig.Counters.ConnectionsOf(Direction.Outbound));
        Assert.NotEqual(((IPEndPoint)one.EndPoint).Port, ((IPEndPoint)other.EndPoint).Port);
    }

    [Fact]
    public async Task Listener_AddressInUse_SaysSo()
    {
        await using var rig = new SorterRig();

        Assert.Throws<AddressInUseException>(() => new InterceptionListener((IPEndPoint)rig.Listener.EndPoint, 16, sorter: null!, TimeProvider.System));
    }

    [Fact]
    public void Counters_AreOfAllDirections()
    {
        var counters = new TrafficCounters();

        Assert.Equal(1, counters.ConnectionOpened(Direction.Outbound));
        Assert.Equal(2, counters.ConnectionOpened(Direction.Inbound));
        Assert.Equal(3, counters.ConnectionOpened(Direction.Reverse));
        counters.ConnectionClosed(Direction.Inbound);

        Assert.Equal((1, 0, 1, 2), (counters.ConnectionsOf(Direction.Outbound), counters.ConnectionsOf(Direction.Inbound), counters.ConnectionsOf(Direction.Reverse), counters.Connections));
    }
}
