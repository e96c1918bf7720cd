using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

public class UpstreamClusterRegistryTests
{
    private static readonly Uri A = new("http://10.0.0.1:80/"), B = new("http://10.0.0.2:80/");

    [Fact]
    public async Task Apply_EquivalentCluster_KeepsTheLiveObject()
    {
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(A));

        var again = registry.Start(TestClusters.Cluster(A) with { Location = new SourceLocation("other.yaml", 9, "x") });

        Assert.Same(cluster, again);
        Assert.Same(cluster, Assert.Single(registry.All));
        Assert.True(registry.Ready.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Apply_DestinationsChange_KeepsThoseWithSameIdAndAddress()
    {
        await using var registry = TestClusters.Registry();
        var before = registry.Start(TestClusters.Cluster(("a", A), ("b", B))).Destinations.All;
        var changed = TestClusters.Cluster(("b", A), ("a", A));
        changed = changed with { Destinations = [changed.Destinations[0], changed.Destinations[1] with { Weight = 5 }] };

        var after = registry.Start(changed).Destinations.All;

        Assert.Equal(["b", "a"], after.Select(d => d.Id));
        Assert.Same(before[0], after[1]);
        Assert.Equal(5, before[0].Weight);
        Assert.NotSame(before[1], after[0]);
    }

    [Fact]
    public async Task Apply_ClusterRemoved_IsNotFound()
    {
        await using var registry = TestClusters.Registry();
        registry.Start(TestClusters.Cluster(A));

        registry.Apply([]);

        Assert.Null(registry.Find("c"));
        Assert.Empty(registry.All);
    }

    [Fact]
    public async Task Apply_RemovedWhileARequestIsInFlight_TheRequestEnds()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();

        registry.Apply([]);
        await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
        var result = await sending;
        await connection.WriteAsync("lf");

        Assert.Equal("half", await result.ReadAsync());
        Assert.True(await connection.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task Apply_RemovedBeforeARetry_TheRetryIsSentAndItsConnectionClosed()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var idle = await HiddenRetryTests.WarmUpAsync(server, cluster);

        registry.Apply([]);
        Assert.True(await idle.IsClosedByPeerAsync());
        var sending = cluster.SendAsync();
        var connection = await server.AcceptOneAsync();
        await connection.ReadHeadAsync();
        await connection.RespondAsync();

        Assert.Equal("ok", await (await sending).ReadAsync());
        Assert.True(await connection.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task Apply_OnlyDestinationsOrBalancingChange_ConnectionsStayWarm()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        var connection = await HiddenRetryTests.WarmUpAsync(server, cluster);

        var changed = registry.Start(TestClusters.Cluster(("a", server.Address), ("b", B)) with { LoadBalancing = LoadBalancingKind.RoundRobin });
        Assert.NotSame(cluster, changed);
        await cluster.DisposeAsync();
        var sending = changed.SendAsync();
        await connection.ReadHeadAsync();
        await connection.RespondAsync();

        Assert.True((await sending).IsConnectionReused);
    }

    [Fact]
    public async Task Apply_ConnectionLimitsChange_ConnectionsAreReplaced()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var configuration = TestClusters.Cluster(server.Address);
        var connection = await HiddenRetryTests.WarmUpAsync(server, registry.Start(configuration));

        var changed = registry.Start(configuration with { Connections = configuration.Connections with { Max = 0 } });

        Assert.True(await connection.IsClosedByPeerAsync());
        Assert.Equal(ProxyError.Overloaded, (await changed.SendAsync()).Error);
    }

    [Fact]
    public void Check_FilesMissingOrWorthless_NamesEachOnce()
    {
        using var files = new TestCertificates();
        var worthless = files.Write("empty.pem", "nothing");
        var cluster = TestClusters.Cluster(A) with { Tls = new TlsConfiguration(worthless, null, files.Path("missing.pem"), files.Path("missing.key")) };
        var other = cluster with { Id = "d", Tls = new TlsConfiguration(files.Path("nowhere.pem"), null, null, null) };

        var problems = UpstreamClusterRegistry.Check([cluster, other, TestClusters.Cluster(A)]);

        Assert.Equal(3, problems.Count);
        Assert.StartsWith($"ca '{worthless}' cannot be used: it holds no certificate", problems[0].Message, StringComparison.Ordinal);
        Assert.StartsWith($"clientCertificate '{files.Path("missing.pem")}' cannot be used: ", problems[1].Message, StringComparison.Ordinal);
        Assert.StartsWith($"ca '{files.Path("nowhere.pem")}'", problems[2].Message, StringComparison.Ordinal);
        Assert.All(problems, problem => Assert.Equal("clusters.c.tls", problem.Location.Path));
    }

    [Fact]
    public void Check_GoodFiles_FindsNothing()
    {
        using var files = new TestCertificates();
        var (certificate, key) = files.WriteLeaf("client");
        var cluster = TestClusters.Cluster(A) with { Tls = new TlsConfiguration(files.WriteAuthority(), null, certificate, key) };

        Assert.Empty(UpstreamClusterRegistry.Check([cluster]));
    }
}
