using Sidecar.Proxy.Overload;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Overload;

public class LimitPressureTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Reason_HighForFiveSeconds_IsDegraded()
    {
        var pressure = new LimitPressure("requests in flight", _time);

        pressure.Observe(91, 100);
        _time.Advance(TimeSpan.FromSeconds(4));
        pressure.Observe(95, 100);
        Assert.Null(pressure.Reason);
        _time.Advance(TimeSpan.FromSeconds(1));
        pressure.Observe(99, 100);

        Assert.Equal("requests in flight: 99 of 100", pressure.Reason);
    }

    [Fact]
    public void Reason_BackToNinetyPercent_StartsAnew()
    {
        var pressure = new LimitPressure("connections", _time);
        pressure.Observe(100, 100);
        _time.Advance(TimeSpan.FromSeconds(10));
        pressure.Observe(90, 100);
        Assert.Null(pressure.Reason);

        pressure.Observe(100, 100);

        Assert.Null(pressure.Reason);
    }
}
