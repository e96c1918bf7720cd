using FsCheck;
using FsCheck.Fluent;
using Sidecar.Proxy.Routing;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Routing;

public class UnmatchedHostsTests
{
    private readonly UnmatchedHosts _hosts = new();

    [Fact]
    public void Busiest_FewHosts_AreCountedExactly()
    {
        foreach (var host in new[] { "b.test", "a.test", "a.test", "a.test:81", "a.test" })
        {
            _hosts.Add("outbound", host);
        }

        _hosts.Add("inbound", "b.test");
        _hosts.Add("outbound", "b.test");

        Assert.Equal(
            [new("outbound", "a.test", 3, 0), new("outbound", "b.test", 2, 0), new("inbound", "b.test", 1, 0), new("outbound", "a.test:81", 1, 0)],
            _hosts.Busiest().OrderByDescending(host => host.Requests).ThenBy(host => host.Direction));
    }

    [Fact]
    public void Add_NoHostOrTooLongOne_IsNotKept()
    {
        _hosts.Add("outbound", "");
        _hosts.Add("outbound", new string('a', 261));
        _hosts.Add("outbound", new string('a', 260));

        Assert.Equal(260, Assert.Single(_hosts.Busiest()).Host.Length);
    }

    [Fact]
    public void Add_AnyTraffic_NeverKeepsMoreThanAHundredAndNeverMissesABusyOne() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(),
        seed =>
        {
            var random = new SeededRandom(seed);
            var (hosts, truth) = (new UnmatchedHosts(), new Dictionary<string, long>());
            var (names, requests) = (random.Next(1, 2000), random.Next(1, 5000));
            for (var i = 0; i < requests; i++)
            {
                // A few busy ones among many that are seen once or twice.
                var host = random.Chance(0.5) ? $"busy{random.Next(20)}.test" : $"h{random.Next(names)}.test";
                hosts.Add("outbound", host);
                truth[host] = truth.GetValueOrDefault(host) + 1;
            }

            var busiest = hosts.Busiest();
            Assert.True(busiest.Length <= UnmatchedHosts.Most, $"seed {seed}");
            Assert.Equal(busiest.OrderByDescending(host => host.Requests), busiest);
            Assert.All(busiest, host => Assert.InRange(truth[host.Host], host.Requests - host.Excess, host.Requests));

            // Whoever has more than a hundredth of all requests is there: the algorithm's promise.
            var kept = busiest.Select(host => host.Host).ToHashSet();
            Assert.All(truth.Where(host => host.Value > (double)requests / UnmatchedHosts.Most), host => Assert.True(kept.Contains(host.Key), $"seed {seed}: {host}"));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void Add_FromManyThreads_CountsAll()
    {
        Parallel.For(0, 10_000, number => _hosts.Add("outbound", $"h{number % 10}.test"));

        Assert.Equal(Enumerable.Repeat(1000L, 10), _hosts.Busiest().Select(host => host.Requests));
    }
}
