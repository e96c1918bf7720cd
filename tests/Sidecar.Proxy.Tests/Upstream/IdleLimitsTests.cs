using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

public class IdleLimitsTests
{
    private readonly ManualTime _time = new();
    private readonly IdleLimits _limits;

    public IdleLimitsTests() => _limits = new IdleLimits(_time);

    [Fact]
    public void Find_OneClose_TeachesNothing()
    {
        _limits.Observe("a", 80, TimeSpan.FromSeconds(5));

        Assert.Null(_limits.Find("a", 80));
    }

    [Fact]
    public void Find_TwoClosesAtTheSameAge_IsALittleLess()
    {
        _limits.Observe("a", 80, TimeSpan.FromSeconds(5));
        _limits.Observe("a", 80, TimeSpan.FromSeconds(5.2));

        Assert.Equal(TimeSpan.FromSeconds(4.5), _limits.Find("a", 80));
        Assert.Null(_limits.Find("a", 81));
        Assert.Null(_limits.Find("b", 80));
    }

    [Fact]
    public void Find_ClosesOfEveryAge_AreARestartAndTeachNothing()
    {
        foreach (var seconds in new[] { 1, 30, 7, 45, 3 })
        {
            _limits.Observe("a", 80, TimeSpan.FromSeconds(seconds));
        }

        Assert.Null(_limits.Find("a", 80));
    }

    [Fact]
    public void Find_TenMinutesLater_IsForgotten()
    {
        _limits.Observe("a", 80, TimeSpan.FromSeconds(5));
        _limits.Observe("a", 80, TimeSpan.FromSeconds(5));

        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.Null(_limits.Find("a", 80));
    }

    [Fact]
    public void Observe_MoreAddressesThanTheBound_KeepsTheOnesItHas()
    {
        for (var port = 1; port <= IdleLimits.Most + 100; port++)
        {
            _limits.Observe("a", port, TimeSpan.FromSeconds(5));
            _limits.Observe("a", port, TimeSpan.FromSeconds(5));
        }

        Assert.NotNull(_limits.Find("a", 1));
        Assert.Null(_limits.Find("a", IdleLimits.Most + 1));
    }
}
