using System.Net;
using System.Net.Sockets;

namespace Sidecar.Interception.Tests.Lifecycle;

/// <summary>The end of a pod by one clock (PRODUCT §5): what comes in is drained first, the application's way out stays until it has ended.</summary>
public sealed class PodShutdownTests : IInterceptedSuite
{
    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PreStop_DrainsWhatComesIn_AndLeavesTheWayOutUntilTheApplicationHasEnded(bool isIPv6)
    {
        await using var network = await PodNetwork.CreateAsync();
        await network.Pod.StartSidecarAsync(PodDocument.Passthrough + "shutdown: { grace: 120s, acceptFor: 0s }\n");
        var (pod, sidecar) = (network.Pod.Network, network.Pod.Sidecar);
        await using var inside = WireServer.StartHttp(pod, "inside");
        await using var outside = WireServer.StartHttp(network.Peer, "outside");
        var permission = new TaskCompletionSource();
        await using var slow = WireServer.Start(network.Peer, async socket =>
        {
            await using var stream = new NetworkStream(socket, ownsSocket: false);
            await new WireReader(stream).ReadThroughAsync("\r\n\r\n"u8.ToArray());
            await permission.Task;
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"u8.ToArray());
        });
        var toPod = new IPEndPoint(network.Pod.Address(isIPv6), inside.Port);
        var toPeer = new IPEndPoint(PodNetwork.PeerAddress(isIPv6), outside.Port);
        using var caller = await WireClient.ConnectAsync(network.Peer, toPod);
        Assert.Equal("inside", (await caller.GetAsync()).BodyText);
        using var application = await WireClient.ConnectAsync(pod, toPeer);
        Assert.Equal("outside", (await application.GetAsync()).BodyText);
        using var held = await WireClient.ConnectAsync(pod, new IPEndPoint(toPeer.Address, slow.Port));
        var answer = held.GetAsync();
        await Patience.Eventually(async () => (await sidecar.AdminAsync("/stats")).Contains("\"inFlight\": 1", StringComparison.Ordinal), "a call of the application is in flight");

        // The hook returns although the application's call is in flight.
        var hook = await sidecar.RunAsync("drain", "--timeout", "119s");
        Assert.True(hook.ExitCode == 0, hook.ToString());
        Assert.Equal("", await caller.ReceiveToEndAsync());
        await Assert.ThrowsAnyAsync<SocketException>(() => network.Peer.ConnectAsync(toPod));

        // The process waits for its signal, and meanwhile the way out is as it was.
        Assert.True(sidecar.IsRunning);
        await AssertUntouchedAsync();
        permission.SetResult();
        Assert.Equal(("slow", false), ((await answer).BodyText, (await answer).SaysClose));

        // Where the platform ends both at once, the application's open connections say that it still runs.
        sidecar.Terminate();
        await sidecar.Logs.WaitForEventAsync("signal-received");
        await AssertUntouchedAsync();
        held.Dispose();
        application.Dispose();

        Assert.Equal(0, await Patience.Await(sidecar.ExitCode, "the proxy ends"));
        var line = await sidecar.Logs.WaitForEventAsync("drain-finished");
        Assert.Equal((0, 0), (line.Number("aborted"), line.Number("refused")));
        Assert.Equal(7, line.Number("completed"));

        async Task AssertUntouchedAsync()
        {
            Assert.Equal(("outside", false), await SeenAsync(application.GetAsync()));
            Assert.Equal(("outside", false), await SeenAsync(WireClient.GetAsync(pod, toPeer)));
        }

        static async Task<(string Body, bool SaysClose)> SeenAsync(Task<RawResponse> response) => ((await response).BodyText, (await response).SaysClose);
    }

    [NetnsFact]
    public async Task Signal_WithoutADrain_DoesTheSameInOneGo()
    {
        await using var network = await PodNetwork.CreateAsync();
        await network.Pod.StartSidecarAsync(PodDocument.Passthrough + "shutdown: { grace: 120s, acceptFor: 0s }\n");
        var (pod, sidecar) = (network.Pod.Network, network.Pod.Sidecar);
        await using var inside = WireServer.StartHttp(pod, "inside");
        await using var outside = WireServer.StartHttp(network.Peer, "outside");
        var toPod = new IPEndPoint(network.Pod.Address(isIPv6: false), inside.Port);
        using var caller = await WireClient.ConnectAsync(network.Peer, toPod);
        Assert.Equal("inside", (await caller.GetAsync()).BodyText);
        using var application = await WireClient.ConnectAsync(pod, new IPEndPoint(PodNetwork.PeerAddress(isIPv6: false), outside.Port));
        Assert.Equal("outside", (await application.GetAsync()).BodyText);

        sidecar.Terminate();
        Assert.Equal("", await caller.ReceiveToEndAsync());
        await Assert.ThrowsAnyAsync<SocketException>(() => network.Peer.ConnectAsync(toPod));
        Assert.False((await application.GetAsync()).SaysClose);
        application.Dispose();

        Assert.Equal(0, await Patience.Await(sidecar.ExitCode, "the proxy ends"));
    }

    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppHealth_OfTheKubelet_ReachesTheApplicationPastTheInterception(bool isIPv6)
    {
        await using var network = await PodNetwork.CreateAsync();
        await using var inside = WireServer.StartHttp(network.Pod.Network, "inside");
        await network.Pod.StartSidecarAsync(
            PodDocument.Passthrough,
            environment: new Dictionary<string, string> { [Contract.EnvironmentVariables.ApplicationProbes] = $$"""{"web/readiness": {"httpGet": {"port": {{inside.Port}} } }, "web/liveness": {"tcpSocket": {"port": 1} } }""" });
        var kubelet = new IPEndPoint(network.Pod.Address(isIPv6), Contract.Ports.Metrics);
        var before = network.Pod.Network.CountOpens();

        Assert.Equal(200, (await WireClient.GetAsync(network.Peer, kubelet, "/app-health/web/readiness")).Status);
        Assert.Equal(503, (await WireClient.GetAsync(network.Peer, kubelet, "/app-health/web/liveness")).Status);

        // The kubelet's two, and the probe's own, which the application accepted itself: nothing was turned around.
        Assert.Equal(3, (network.Pod.Network.CountOpens() - before).Passive);
        Assert.Equal(0, (await network.Pod.Sidecar.MetricsAsync()).Sum("sidecar_detection_total"));
    }
}
