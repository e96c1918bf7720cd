using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Tests.Upstream;

public sealed class ActiveHealthCheckTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly RawServer _server = new();
    private readonly ManualTime _time = new();
    private readonly EventLog _events = new();
    private int _probes;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Probe_FailsThresholdTimesThenSucceeds_ChangesTheVerdictBothWays()
    {
        await using var registry = TestClusters.Registry(_time, events: _events);
        var destination = registry.Start(Checked()).Destinations.All[0];
        var connection = await ProbeAsync("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(DestinationHealth.Unknown, destination.Health);

        await ProbeAsync("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", connection);
        Assert.Equal("health a Unknown Unhealthy: status 404", await _events.NextAsync());
        Assert.Equal(DestinationHealth.Unhealthy, destination.Health);

        await ProbeAsync("HTTP/1.1 204 Yes\r\n\r\n", connection);
        await ProbeAsync("HTTP/1.1 302 Yes\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", connection);
        Assert.Equal("health a Unhealthy Healthy: the probe succeeded", await _events.NextAsync());
        Assert.Equal(DestinationHealth.Healthy, destination.Health);
    }

    [Fact]
    public async Task Probe_NoAnswer_FailsAfterItsTimeout()
    {
        await using var registry = TestClusters.Registry(_time, events: _events);
        registry.Start(Checked(threshold: 1));
        await _time.WaitForArmedAsync(1);
        _time.Advance(Interval);
        await (await _server.AcceptOneAsync()).ReadHeadAsync();

        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("health a Unknown Unhealthy: no answer in time", await _events.NextAsync());
    }

    [Fact]
    public async Task Probe_NobodyListens_SaysWhy()
    {
        _server.Dispose();
        await using var registry = TestClusters.Registry(_time, events: _events);
        registry.Start(Checked(threshold: 1));
        await _time.WaitForArmedAsync(1);

        _time.Advance(Interval);

        Assert.Equal("health a Unknown Unhealthy: Connect failed: connection refused.", await _events.NextAsync());
    }

    [Fact]
    public async Task Probe_Head_NamesPathAndHost()
    {
        await using var registry = TestClusters.Registry(_time, events: _events);
        registry.Start(Checked());
        await _time.WaitForArmedAsync(1);
        _time.Advance(Interval);

        var head = await (await _server.AcceptOneAsync()).ReadHeadAsync();

        Assert.Equal($"GET /healthz?deep=1 HTTP/1.1\r\nHost: 127.0.0.1:{_server.Port}\r\n\r\n", head);
    }

    [Fact]
    public async Task Apply_CheckRemoved_StopsProbingAndForgetsTheVerdict()
    {
        await using var registry = TestClusters.Registry(_time, events: _events);
        var cluster = registry.Start(Checked(threshold: 1));
        var destination = cluster.Destinations.All[0];
        await ProbeAsync("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("health a Unknown Unhealthy: status 503", await _events.NextAsync());

        registry.Start(Checked() with { ActiveHealthCheck = null });
        await _time.WaitForNoTimerAsync();

        Assert.Same(destination, registry.Find("c")!.Destinations.All[0]);
        Assert.Equal(DestinationHealth.Unknown, destination.Health);
    }

    // One probe, answered; on the connection of the probe before, if there was one.
    private async Task<RawConnection> ProbeAsync(string answer, RawConnection? connection = null)
    {
        await _time.WaitForArmedAsync(1 + (2 * _probes++));
        _time.Advance(Interval);
        connection ??= await _server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.WriteAsync(answer);

        // A probe arms its timeout, and after it the wait for the next.
        await _time.WaitForArmedAsync(1 + (2 * _probes));
        return connection;
    }

    private ClusterConfiguration Checked(int threshold = 2) => TestClusters.Cluster(_server.Address) with
    {
        ActiveHealthCheck = new ActiveHealthCheckConfiguration("/healthz?deep=1", Interval, TimeSpan.FromSeconds(2), threshold),
    };
}
