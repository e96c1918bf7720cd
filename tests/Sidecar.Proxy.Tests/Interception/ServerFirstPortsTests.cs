using System.Net;
using System.Reflection;
using Sidecar.Proxy.Interception;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Interception;

public class ServerFirstPortsTests
{
    private static readonly IPEndPoint Database = IPEndPoint.Parse("10.0.0.7:3306");

    private readonly ManualTimeProvider _time = new();
    private readonly ServerFirstPorts _ports;

    public ServerFirstPortsTests() => _ports = new ServerFirstPorts(_time);

    [Fact]
    public void Contains_Learned_IsKnownForTenMinutes()
    {
        Assert.False(_ports.Contains(Database));
        _ports.Learn(Database);

        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.True(_ports.Contains(IPEndPoint.Parse("10.0.0.7:3306")));
        Assert.False(_ports.Contains(IPEndPoint.Parse("10.0.0.7:3307")));
        Assert.False(_ports.Contains(IPEndPoint.Parse("10.0.0.8:3306")));
        Assert.Equal(new ServerFirstPort(Database, TimeSpan.FromTicks(1)), Assert.Single(_ports.All));

        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Empty(_ports.All);
        Assert.False(_ports.Contains(Database));
    }

    [Fact]
    public void Contains_AskedOften_DoesNotKeepItAlive()
    {
        _ports.Learn(Database);
        for (var minute = 0; minute < 10; minute++)
        {
            Assert.True(_ports.Contains(Database));
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.False(_ports.Contains(Database));
    }

    [Fact]
    public void Learn_Again_StartsTheTenMinutesAnew()
    {
        _ports.Learn(Database);
        _time.Advance(TimeSpan.FromMinutes(9));
        _ports.Learn(Database);
        _time.Advance(TimeSpan.FromMinutes(9));

        Assert.True(_ports.Contains(Database));
    }

    [Fact]
    public void Learn_MoreThanTheBound_KeepsTheFirstOnesUntilTheyExpire()
    {
        for (var number = 0; number < ServerFirstPorts.Most; number++)
        {
            _ports.Learn(Port(number));
        }

        _ports.Learn(Port(ServerFirstPorts.Most));
        Assert.False(_ports.Contains(Port(ServerFirstPorts.Most)));
        Assert.Equal(1024, _ports.All.Count);

        // One that is known is no newcomer.
        _time.Advance(TimeSpan.FromMinutes(5));
        _ports.Learn(Port(0));
        _time.Advance(TimeSpan.FromMinutes(5));
        _ports.Learn(Port(ServerFirstPorts.Most));

        Assert.Equal([Port(0), Port(ServerFirstPorts.Most)], _ports.All.Select(port => port.Destination).OrderBy(port => port.Port));
    }

    [Fact]
    public void DetectionOutcomes_Labels_AreDistinctAndOnePerProtocol()
    {
        var labels = typeof(DetectionOutcomes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).ToList();

        Assert.Equal(labels.Count, labels.Distinct().Count());
        Assert.Equal("http1", DetectionOutcomes.Of(CarriedProtocol.Http1));
        Assert.Equal("http2", DetectionOutcomes.Of(CarriedProtocol.Http2));
        Assert.Equal("tls", DetectionOutcomes.Of(CarriedProtocol.Tls));
        Assert.Equal("tcp", DetectionOutcomes.Of(CarriedProtocol.Tcp));
        Assert.Equal("tcp", DetectionOutcomes.Of(CarriedProtocol.Undecided));
    }

    private static IPEndPoint Port(int number) => new(IPAddress.Parse("10.0.0.8"), number + 1);
}
