using System.Net;
using Sidecar.Proxy.Routing;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Routing;

public class OriginalDestinationsTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly OriginalDestinations _originals;

    public OriginalDestinationsTests() => _originals = new OriginalDestinations(_time);

    [Theory]
    [InlineData("10.0.0.7:8080", "10.0.0.7")]
    [InlineData("[2001:db8::7]:80", "2001:db8::7")]
    [InlineData("[fe80::1%3]:80", "fe80::1%3")]
    public void Get_Address_IsAClusterOfOneThatCanBeDialled(string address, string host)
    {
        var endPoint = IPEndPoint.Parse(address);

        var destination = Assert.Single(_originals.Get(endPoint).Set.All);

        Assert.Equal(IPAddress.Parse(host), IPAddress.Parse(destination.Address.IdnHost));
        Assert.Equal(endPoint.Port, destination.Address.Port);
        Assert.Equal(("original", "dynamic"), (destination.ClusterId, destination.MetricId));
        Assert.Equal(endPoint.ToString(), destination.Id);
    }

    [Fact]
    public void Get_SameAddress_IsTheSameObjectWithItsOwnBudget()
    {
        var first = _originals.Get(IPEndPoint.Parse("10.0.0.7:80"));

        Assert.Same(first, _originals.Get(IPEndPoint.Parse("10.0.0.7:80")));
        Assert.NotSame(first.Set, _originals.Get(IPEndPoint.Parse("10.0.0.7:81")).Set);
        Assert.NotSame(first.Budget, _originals.Get(IPEndPoint.Parse("10.0.0.8:80")).Budget);
    }

    [Fact]
    public void Get_MoreThanTheBound_ForgetsTheLeastRecentlyUsed()
    {
        var targets = Enumerable.Range(0, OriginalDestinations.Most).Select(number => Get(number)).ToList();
        Assert.Same(targets[0], Get(0));

        Get(OriginalDestinations.Most);

        Assert.Same(targets[0], Get(0));
        Assert.Same(targets[^1], Get(OriginalDestinations.Most - 1));
        Assert.NotSame(targets[1], Get(1));
    }

    [Fact]
    public void Get_MoreThanTheBound_NeverForgetsWhatIsInFlight()
    {
        var targets = Enumerable.Range(0, OriginalDestinations.Most).Select(number => Get(number)).ToList();
        targets.ForEach(target => target.Set.All[0].Enter());

        // Nobody can leave: the newcomer is served without a memory.
        Assert.NotSame(Get(OriginalDestinations.Most), Get(OriginalDestinations.Most));
        Assert.All(targets, target => Assert.Same(target, _originals.Get(IPEndPoint.Parse(target.Set.All[0].Id))));

        targets[500].Set.All[0].Leave();
        Assert.Same(Get(OriginalDestinations.Most), Get(OriginalDestinations.Most));
        Assert.NotSame(targets[500], Get(500));
        Assert.Same(targets[0], Get(0));
    }

    private OriginalTarget Get(int number)
    {
        _time.Advance(TimeSpan.FromMilliseconds(1));
        return _originals.Get(new IPEndPoint(IPAddress.Parse("10.0.0.9"), number + 1));
    }
}
