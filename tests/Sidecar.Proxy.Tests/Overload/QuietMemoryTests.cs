using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Overload;

public class QuietMemoryTests
{
    private readonly TrafficCounters _counters = new();
    private readonly ManualTimeProvider _time = new();
    private readonly QuietMemory _memory;
    private int _given;
    private long _upstreamClosed;

    public QuietMemoryTests() => _memory = new QuietMemory(_counters, () => _upstreamClosed, _time, () => _given++);

    [Fact]
    public void Quiet_FromTheStart_GivesBackOnce()
    {
        Watch(seconds: 5);
        Assert.Equal(0, _given);

        Watch(seconds: 100);
        Assert.Equal(1, _given);
    }

    [Fact]
    public void Traffic_WithoutAPause_NeverGivesBack()
    {
        for (var i = 0; i < 60; i++)
        {
            _counters.RequestStarted(Direction.Reverse);
            _counters.RequestEnded(Direction.Reverse, aborted: false);
            Watch(seconds: 1);
        }

        Assert.Equal(0, _given);
    }

    [Fact]
    public void RequestInFlight_HoweverLong_NeverGivesBack()
    {
        _counters.RequestStarted(Direction.Reverse);
        Watch(seconds: 60);

        Assert.Equal(0, _given);
    }

    [Fact]
    public void Traffic_BetweenTwoPauses_GivesBackInEach()
    {
        Watch(seconds: 10);
        _counters.ConnectionOpened(Direction.Inbound);
        _counters.ConnectionClosed(Direction.Inbound);
        Watch(seconds: 10);

        Assert.Equal(2, _given);
    }

    [Fact]
    public void IdleUpstreamConnections_ClosedAfterwards_AreGivenBackToo()
    {
        Watch(seconds: 10);
        _upstreamClosed += 100;
        Watch(seconds: 5);
        Assert.Equal(1, _given);

        Watch(seconds: 10);
        Assert.Equal(2, _given);
    }

    private void Watch(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            _memory.Observe();
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
