using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Tests.Routing;

namespace Sidecar.Proxy.Tests.Configuration;

public class InterceptedTrafficTests
{
    [Fact]
    public void Compile_TcpRoutes_AreNotGivenToYarp()
    {
        var snapshot = SnapshotCompiler.Compile(RunningRoutes.Load(
            """
            tls: { direction: outbound, match: { sni: [a.test] }, cluster: c }
              db: { direction: outbound, match: { port: 5432 }, cluster: c }
              web: { direction: outbound, match: { path: '/', port: 80 }, cluster: c }
            """));

        Assert.Equal(["web"], snapshot.YarpRoutes.Select(route => route.RouteId));
        Assert.Equal(["db", "tls", "web"], snapshot.Routes.Select(route => route.Id).Order());
    }

    [Fact]
    public void Compile_PortOfAnInterceptedRoute_IsNotPartOfItsHosts()
    {
        var snapshot = SnapshotCompiler.Compile(RunningRoutes.Load(
            """
            named: { direction: outbound, match: { hosts: [a.test, '*.a.test'], port: 8080 }, cluster: c }
              bare: { direction: inbound, match: { path: '/', port: 8080 }, forwardTo: original }
              reverse: { direction: reverse, match: { hosts: [a.test], port: 8080 }, cluster: c }
            """));

        Assert.Equal(["a.test"], Hosts("named"));
        Assert.Equal(["*.a.test"], Hosts("named|*.a.test"));
        Assert.Null(Hosts("bare"));
        Assert.Equal(["a.test:8080"], Hosts("reverse"));

        IReadOnlyList<string>? Hosts(string id) => snapshot.YarpRoutes.Single(route => route.RouteId == id).Match.Hosts;
    }

    [Fact]
    public void Compile_OriginalCluster_IsKnownToYarp()
    {
        var snapshot = SnapshotCompiler.Compile(RunningRoutes.Load("r: { direction: inbound, match: { path: '/' }, forwardTo: original }"));

        var clusters = snapshot.YarpClusters.Select(cluster => cluster.ClusterId);
        Assert.Equal(["c", "original"], clusters.Order());
        Assert.Equal("original", Assert.Single(snapshot.YarpRoutes).ClusterId);
    }

    [Fact]
    public void Complete_NothingIntercepted_IsTheSame()
    {
        var written = RunningRoutes.Load("r: { direction: reverse, match: { path: '/' }, cluster: c }");
        var reverse = written with { Listeners = written.Listeners with { Outbound = null, Inbound = null } };

        Assert.Same(reverse, InterceptedTraffic.Complete(reverse));
        foreach (var listeners in new[] { written.Listeners with { Outbound = null }, written.Listeners with { Inbound = null } })
        {
            var complete = InterceptedTraffic.Complete(written with { Listeners = listeners });
            Assert.Equal(["c", "original"], complete.Clusters.Select(cluster => cluster.Id));
            Assert.Equal(["r", ""], complete.Routes.Select(route => route.Id));
        }
    }

    [Fact]
    public void Passthrough_IsAsIfTheProxyWereNotThere()
    {
        var policy = InterceptedTraffic.Passthrough.Policy;

        Assert.True(InterceptedTraffic.Passthrough.IsPassthrough);
        Assert.True(InterceptedTraffic.Passthrough.Route.IsForwardedToOriginal);
        Assert.Null(policy.CircuitBreaker);
        Assert.Equal((null, null, null, null), (policy.Timeouts.Request, policy.Timeouts.Connect, policy.Timeouts.Idle, policy.Timeouts.PerTry));
        Assert.Equal((1, RetryConditions.RefusedStream | RetryConditions.Unsent), (policy.Retry!.MaxRetries, policy.Retry.RetryOn));
    }
}
