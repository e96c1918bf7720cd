using Sidecar.Proxy.Admin;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Commands;

/// <summary><c>wait</c>, <c>healthcheck</c> and <c>drain</c> against real admin endpoints.</summary>
public sealed class AdminCommandTests
{
    private readonly CommandFixture _fixture = new();

    [Fact]
    public async Task Healthcheck_Alive_Exits0()
    {
        await using var admin = await AdminListener.StartAsync();
        admin.View.Health = new HealthView(LifeState.Draining, ["draining"], [], []);

        Assert.Equal(0, await _fixture.RunAsync("healthcheck", "--address", admin.Address));
        Assert.Equal("ok\n", _fixture.Output);
    }

    [Fact]
    public async Task Healthcheck_ReadyWhileDraining_Exits1WithTheReason()
    {
        await using var admin = await AdminListener.StartAsync();
        admin.View.Health = new HealthView(LifeState.Draining, ["asked to drain"], [], []);

        Assert.Equal(1, await _fixture.RunAsync("healthcheck", "--ready", "--address", admin.Address));
        Assert.Equal("draining: asked to drain\n", _fixture.Error);
    }

    [Fact]
    public async Task Healthcheck_NothingListens_Exits1()
    {
        using var closed = new ClosedPort();
        var address = closed.EndPoint.ToString();

        Assert.Equal(1, await _fixture.RunAsync("healthcheck", "--address", address));
        Assert.Equal($"nothing listens on {address}\n", _fixture.Error);
    }

    [Fact]
    public async Task Wait_BecomesReady_Exits0AndSaysWhatItWaitedFor()
    {
        await using var admin = await AdminListener.StartAsync();
        admin.View.Health = new HealthView(LifeState.Starting, ["resolving clusters"], [], []);
        var waiting = _fixture.RunAsync("wait", "--address", admin.Address);
        await _fixture.PauseAsync(waiting);

        admin.View.Health = new HealthView(LifeState.Ready, [], [], []);
        _fixture.Time.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal(0, await waiting);
        Assert.Equal("waiting: starting: resolving clusters\nready after 0.1 s\n", _fixture.Error);
    }

    [Fact]
    public async Task Wait_NeverReady_Exits1AfterTheTimeout()
    {
        using var closed = new ClosedPort();
        var waiting = _fixture.RunAsync("wait", "--address", closed.EndPoint.ToString(), "--timeout", "300ms");
        for (var i = 0; i < 3; i++)
        {
            await _fixture.PauseAsync(waiting);
            _fixture.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(1, await waiting);
        Assert.Contains("not ready after 300ms: nothing listens", _fixture.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_Follows_UntilNothingIsInFlight()
    {
        await using var admin = await AdminListener.StartAsync();
        admin.View.Health = new HealthView(LifeState.Draining, ["asked to drain"], [], []);
        admin.View.Stats = new StatsView(10, 5, 7, TimeSpan.Zero, 0, 0) { Inbound = new TrafficView(3, 2) };
        var draining = _fixture.RunAsync("drain", "--address", admin.Address);
        await _fixture.PauseAsync(draining);

        admin.View.Health = new HealthView(LifeState.Drained, ["drained"], [], []);
        _fixture.Time.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal(0, await draining);
        Assert.Equal(1, admin.View.Drains);
        Assert.Equal("draining: 3 in flight, 2 connections\ndrained after 0.2 s\n", _fixture.Error);
    }

    [Fact]
    public async Task Drain_ProcessEnds_Exits0()
    {
        var admin = await AdminListener.StartAsync();
        admin.View.Health = new HealthView(LifeState.Draining, ["asked to drain"], [], []);
        var draining = _fixture.RunAsync("drain", "--address", admin.Address);
        await _fixture.PauseAsync(draining);

        await admin.DisposeAsync();
        _fixture.Time.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal(0, await draining);
        Assert.EndsWith("drained after 0.2 s: the proxy has ended\n", _fixture.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_NeverDrained_Exits1AfterTheTimeout()
    {
        await using var admin = await AdminListener.StartAsync();
        admin.View.Health = new HealthView(LifeState.Draining, ["asked to drain"], [], []);
        admin.View.Stats = new StatsView(10, 1, 1, TimeSpan.Zero, 0, 0) { Inbound = new TrafficView(1, 1) };
        var draining = _fixture.RunAsync("drain", "--address", admin.Address, "--timeout", "200ms");
        await _fixture.PauseAsync(draining);
        _fixture.Time.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal(1, await draining);
        Assert.EndsWith("not drained after 200ms: 1 in flight\n", _fixture.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_NothingListens_Exits1()
    {
        using var closed = new ClosedPort();

        Assert.Equal(1, await _fixture.RunAsync("drain", "--address", closed.EndPoint.ToString()));
        Assert.StartsWith("cannot drain: nothing listens on", _fixture.Error, StringComparison.Ordinal);
    }
}
