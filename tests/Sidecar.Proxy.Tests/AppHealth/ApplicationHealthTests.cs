using System.Net;
using Sidecar.Proxy.AppHealth;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.AppHealth;

public sealed class ApplicationHealthTests
{
    private static readonly ProbeCaller Caller = new(IPAddress.Loopback, 15120, null);

    private readonly ManualTimeProvider _time = new();
    private readonly List<(string Probe, bool IsHealthy)> _changes = [];

    [Fact]
    public async Task Run_TheProbeLeadsToItself_IsRefused()
    {
        var (health, probe) = Health("""{"httpGet":{"path":"/app-health/web/readiness","port":15120}}""");

        var verdict = await health.RunAsync(probe, Caller, CancellationToken.None);

        Assert.Equal((false, "the probe leads back to the proxy that performs it"), (verdict.IsHealthy, verdict.Reason));
    }

    [Fact]
    public async Task Run_Silence_EndsAtTheProbesOwnTimeout()
    {
        await using var app = ScriptedUpstream.Answering(() => Answer.Never);
        var (health, probe) = Health($$$$$$"""{"httpGet":{"port":{{{{{{app.Port}}}}}}},"timeoutSeconds":7}""");

        var running = health.RunAsync(probe, Caller, CancellationToken.None);
        await app.WaitForRequestsAsync(1);
        _time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.False(running.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        var verdict = await running;
        Assert.Equal((false, $"port {app.Port} did not answer within 7 s"), (verdict.IsHealthy, verdict.Reason));
    }

    [Fact]
    public async Task Run_TheKubeletHangsUp_EndsIt()
    {
        await using var app = ScriptedUpstream.Answering(() => Answer.Never);
        var (health, probe) = Health($$$$$$"""{"httpGet":{"port":{{{{{{app.Port}}}}}}}}""");
        using var hungUp = new CancellationTokenSource();

        var running = health.RunAsync(probe, Caller, hungUp.Token);
        await app.WaitForRequestsAsync(1);
        await hungUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Empty(_changes);
    }

    [Fact]
    public async Task Run_AddressOfTheKubelet_IsTheAddressDialled()
    {
        await using var app = ScriptedUpstream.Answering(() => Answer.Ok());
        var (health, probe) = Health($$$$$$"""{"httpGet":{"port":{{{{{{app.Port}}}}}}}}""");

        // The application listens on 127.0.0.1 only: reached at another address of the pod it is as unhealthy as it would be to the kubelet.
        Assert.False((await health.RunAsync(probe, Caller with { ReachedAt = IPAddress.Parse("127.0.0.2") }, CancellationToken.None)).IsHealthy);
        Assert.False((await health.RunAsync(probe, Caller with { ReachedAt = IPAddress.IPv6Loopback }, CancellationToken.None)).IsHealthy);
        Assert.True((await health.RunAsync(probe, Caller, CancellationToken.None)).IsHealthy);
        Assert.Equal([("web/readiness", false), ("web/readiness", true)], _changes);
    }

    private (ApplicationHealth Health, ApplicationProbe Probe) Health(string probe)
    {
        var (probes, problems) = ProbeReader.Read($$"""{"web/readiness":{{probe}}}""");
        Assert.Empty(problems);
        return (new ApplicationHealth(probes, (name, verdict) => _changes.Add((name, verdict.IsHealthy)), _time), probes[0]);
    }
}
