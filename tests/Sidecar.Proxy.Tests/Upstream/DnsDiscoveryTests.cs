using System.Net.Sockets;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

public class DnsDiscoveryTests
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();
    private readonly ScriptedResolver _resolver = new();
    private readonly EventLog _events = new();
    private int _resolutions;

    [Fact]
    public async Task Ready_FirstAnswer_EveryAddressIsADestination()
    {
        _resolver.Answer("10.0.0.2", "10.0.0.1", "fd00::1", "10.0.0.1", "::ffff:10.0.0.2");
        await using var registry = Registry();
        var cluster = registry.Start(TestClusters.DnsCluster(port: 8080));
        await registry.Ready.WaitAsync(Limits.Safety);

        var all = cluster.Destinations.All;
        Assert.Equal(["10.0.0.1:8080", "10.0.0.2:8080", "[fd00::1]:8080"], all.Select(d => d.Id));
        Assert.Equal("http://[fd00::1]:8080/", all[2].Address.AbsoluteUri);
        Assert.All(all, d => Assert.True(d is { IsDynamic: true, MetricId: "dynamic", ClusterId: "c" }));
        Assert.Equal("dns api.test +3 -0 ignored 0", await _events.NextAsync());
    }

    [Fact]
    public async Task Refresh_AddressesChange_KnownOnesKeepTheirObjects()
    {
        _resolver.Answer("10.0.0.1", "10.0.0.2");
        await using var registry = Registry();
        var cluster = registry.Start(TestClusters.DnsCluster());
        await NextEventAsync();
        var kept = cluster.Destinations.All[1];

        _resolver.Answer("10.0.0.3", "10.0.0.2");
        await RefreshAsync();

        Assert.Equal("dns api.test +1 -1 ignored 0", await NextEventAsync());
        Assert.Equal(["10.0.0.2:80", "10.0.0.3:80"], cluster.Destinations.All.Select(d => d.Id));
        Assert.Same(kept, cluster.Destinations.All[0]);
    }

    [Fact]
    public async Task Refresh_SameAddressesInAnotherOrder_KeepsTheSet()
    {
        _resolver.Answer("10.0.0.1", "10.0.0.2");
        await using var registry = Registry();
        var cluster = registry.Start(TestClusters.DnsCluster());
        await NextEventAsync();
        var set = cluster.Destinations;

        _resolver.Answer("10.0.0.2", "10.0.0.1");
        await RefreshAsync();
        await _time.WaitForArmedAsync(4);

        Assert.Same(set, cluster.Destinations);
        Assert.True(_events.IsEmpty);
    }

    [Fact]
    public async Task Refresh_Fails_KeepsTheLastGoodSet()
    {
        _resolver.Answer("10.0.0.1");
        await using var registry = Registry();
        var cluster = registry.Start(TestClusters.DnsCluster());
        await NextEventAsync();
        var set = cluster.Destinations;

        _resolver.Fail(new SocketException((int)SocketError.HostNotFound));
        await RefreshAsync();
        Assert.Equal("dns api.test failed: name not found, 1 in use", await NextEventAsync());
        _resolver.Answer();
        await RefreshAsync();
        Assert.Equal("dns api.test failed: the name has no address, 1 in use", await NextEventAsync());

        Assert.Same(set, cluster.Destinations);
    }

    [Fact]
    public async Task Resolve_NoAnswer_FailsInTimeAndIsAskedAgain()
    {
        await using var registry = Registry();
        var cluster = registry.Start(TestClusters.DnsCluster());
        await _time.WaitForArmedAsync(1);
        Assert.False(cluster.Ready.IsCompleted);

        _time.Advance(DnsDiscovery.ResolveTimeout);
        await cluster.Ready.WaitAsync(Limits.Safety);
        Assert.Equal("dns api.test failed: no answer in time, 0 in use", await NextEventAsync());
        Assert.Empty(cluster.Destinations.All);

        _resolver.Answer("10.0.0.1");
        await RefreshAsync();
        Assert.Equal("dns api.test +1 -0 ignored 0", await NextEventAsync());
    }

    [Fact]
    public async Task Resolve_MoreThanTheLimit_IsCut()
    {
        _resolver.Answer([.. Enumerable.Range(0, 1_100).Select(i => $"10.1.{i / 200}.{i % 200}")]);
        await using var registry = Registry();
        var cluster = registry.Start(TestClusters.DnsCluster());

        Assert.Equal("dns api.test +1024 -0 ignored 76", await NextEventAsync());
        Assert.Equal(1_024, cluster.Destinations.All.Length);
    }

    [Fact]
    public async Task Apply_OtherName_ServesOldAddressesOnlyUntilTheFirstAnswer()
    {
        _resolver.Answer("10.0.0.1");
        await using var registry = Registry();
        var old = registry.Start(TestClusters.DnsCluster()).Destinations;
        await NextEventAsync();
        old = registry.Find("c")!.Destinations;

        var cluster = registry.Start(TestClusters.DnsCluster("other.test"));
        Assert.Equal(old.All, cluster.Destinations.All);
        _resolver.Fail(new SocketException((int)SocketError.HostNotFound));

        Assert.Equal("dns other.test failed: name not found, 0 in use", await NextEventAsync());
        Assert.Empty(cluster.Destinations.All);
    }

    [Fact]
    public async Task Apply_OtherBalancing_KeepsAddressesOnAFailure()
    {
        _resolver.Answer("10.0.0.1");
        await using var registry = Registry();
        registry.Start(TestClusters.DnsCluster());
        await NextEventAsync();

        var cluster = registry.Start(TestClusters.DnsCluster() with { LoadBalancing = global::Sidecar.Configuration.Effective.LoadBalancingKind.Random });
        _resolver.Fail(new SocketException((int)SocketError.TryAgain));

        Assert.Equal("dns api.test failed: name resolution failed for now, 1 in use", await NextEventAsync());
        Assert.Single(cluster.Destinations.All);
    }

    private UpstreamClusterRegistry Registry() => TestClusters.Registry(_time, _resolver, _events);

    private Task<string> NextEventAsync() => _events.NextAsync();

    private async Task RefreshAsync()
    {
        // A resolution arms its timeout, and after it the wait for the next.
        await _time.WaitForArmedAsync(2 * ++_resolutions);
        _time.Advance(Refresh);
    }
}
