using Sidecar.Configuration.Effective;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests.Validation;

public sealed class DirectionTests
{
    private const string Reverse = "reverse: { address: \"127.0.0.1:8080\" }";

    [Theory]
    [InlineData(Reverse, Direction.Reverse)]
    [InlineData("outbound: {}", Direction.Outbound)]
    [InlineData("inbound: { port: 0 }", Direction.Inbound)]
    [InlineData("reverse: off, outbound: {}, inbound: off", Direction.Outbound)]
    public void Load_OneListener_IsTheDirectionOfRoutesWithoutOne(string listeners, Direction direction) =>
        Assert.Equal(direction, Assert.Single(Valid(Document(listeners, "r: { match: {}, cluster: local }")).Routes).Direction);

    [Theory]
    [InlineData("outbound: {}, inbound: {}", "the listeners outbound and inbound are open: write direction: outbound or inbound")]
    [InlineData("inbound: {}, " + Reverse, "the listeners inbound and reverse are open: write direction: inbound or reverse")]
    [InlineData("outbound: {}, inbound: {}, " + Reverse, "the listeners outbound and inbound and reverse are open: write direction: outbound, inbound or reverse")]
    public void Load_SeveralListeners_AskForADirection(string listeners, string error)
    {
        Assert.Equal(
            $"test.yaml:5: routes.r: key 'direction' is missing and {error}", Error(Document(listeners, "r: { match: {}, cluster: local }")));
    }

    [Fact]
    public void Load_NoListener_IsReverseUnlessTheRouteSaysItIsIntercepted()
    {
        Assert.Equal(Direction.Reverse, Assert.Single(Valid(Document("", "r: { match: {}, cluster: local }")).Routes).Direction);
        Assert.EndsWith(
            "key 'direction' is missing and no listener is open: write direction: outbound or inbound", Error(Document("", "r: { match: {}, forwardTo: original }")));
        Assert.EndsWith(
            "key 'direction' is missing and no listener is open: write direction: outbound or inbound", Error(Document("", "r: { match: { sni: [a.x] }, cluster: local }")));
    }

    [Theory]
    [InlineData("tls", "match: { sni: [a.x] }", "https://10.0.0.1:5432")]
    [InlineData("tls", "match: { port: 5432 }", "https://10.0.0.1:5432")]
    [InlineData("tlsByName", "match: { port: 5432 }", "dns.scheme: https")]
    public void Load_TcpRouteToAClusterThatSpeaksTls_IsAnError(string cluster, string match, string what) => Assert.Equal(
        $"test.yaml:5: routes.r.cluster: a TCP route (match.sni, or port alone) carries bytes as they are and adds no TLS, and cluster '{cluster}' has {what}: write http:// for plain TCP, or match HTTP with a path",
        Error(TlsDocument($"r: {{ {match}, cluster: {cluster} }}")));

    [Fact]
    public void Load_HttpRouteToAClusterThatSpeaksTls_IsFine() =>
        Assert.Single(Valid(TlsDocument("r: { match: { port: 5432, path: \"/{**rest}\" }, cluster: tls }")).Routes);

    [Fact]
    public void Load_MistakeInAListener_MakesNoMistakesOfItsRoutes() =>
        Assert.Contains("listeners.outbound.port", Error(Document("outbound: { port: x }", "r: { match: {}, forwardTo: original }")));

    [Theory]
    [InlineData("outbound: {}", "a: { direction: inbound, match: {}, forwardTo: original }", "route 'a' is inbound and no such listener is open: write listeners.inbound, or run with --pod")]
    [InlineData("inbound: {}", "a: { direction: outbound, match: { port: 1 }, cluster: local }", "route 'a' is outbound and no such listener is open: write listeners.outbound, or run with --pod")]
    [InlineData("reverse: off", "a: { match: {}, cluster: local }", "route 'a' is reverse and no such listener is open: write listeners.reverse, or run with --listen")]
    public void Load_ListenerOfARouteIsClosed_IsAWarning(string listeners, string route, string warning) =>
        Assert.Equal($"test.yaml:5: routes.a: {warning}", Assert.Single(Warnings(Document(listeners, route))));

    [Fact]
    public void Load_ListenerOfManyRoutesIsClosed_IsOneWarning()
    {
        var routes = Enumerable.Range(1, 5).Select(i => $"r{i}: {{ direction: inbound, match: {{ path: /{i} }}, forwardTo: original }}");

        Assert.Contains("routes 'r1', 'r2', 'r3' and 2 more are inbound", Assert.Single(Warnings(Document("outbound: {}", [.. routes]))));
    }

    [Fact]
    public void Load_ForwardToOriginal_IsTheOriginalCluster()
    {
        var route = Assert.Single(Valid(Document("outbound: {}", "r: { match: {}, forwardTo: original }")).Routes);

        Assert.Equal((RouteConfiguration.OriginalClusterId, true, false), (route.ClusterId, route.IsForwardedToOriginal, route.Match.IsTcp));
    }

    [Theory]
    [InlineData("{ match: {}, forwardTo: original, cluster: local }", "routes.r.forwardTo: cluster and forwardTo cannot stand together: remove one")]
    [InlineData("{ match: {} }", "routes.r: neither cluster nor forwardTo is written: write cluster (the id of a cluster) or forwardTo (original)")]
    [InlineData("{ match: {}, forwardTo: off }", "'off' is not original")]
    [InlineData("{ match: {}, cluster: original }", "there is no cluster 'original': for where the application dialled, write forwardTo: original in place of cluster")]
    [InlineData("{ direction: reverse, match: {}, forwardTo: original }", "routes.r.forwardTo: forwardTo original on a reverse route: its caller addressed the proxy and dialled nothing else; write cluster")]
    [InlineData("{ direction: reverse, match: { sni: [a.x] }, cluster: local }", "routes.r.match.sni: sni on a reverse route")]
    public void Load_DestinationThatCannotBe_IsAnError(string route, string error) => Assert.Contains(error, Error(Document("outbound: {}", $"r: {route}")));

    [Theory]
    [InlineData("far", "cluster 'far' has destination 'b' (http://10.0.0.7:80)")]
    [InlineData("named", "cluster 'named' has dns 'localhost'")]
    [InlineData("looks", "cluster 'looks' has destination 'a' (http://localhost.example.com)")]
    public void Load_InboundRouteToAnotherPod_IsAnError(string cluster, string error)
    {
        var text = Document("outbound: {}, inbound: {}", $"r: {{ direction: inbound, match: {{}}, cluster: {cluster} }}", $"o: {{ direction: outbound, match: {{}}, cluster: {cluster} }}");

        Assert.StartsWith($"test.yaml:5: routes.r.cluster: inbound routes may only go to this pod, and {error}", Error(text));
    }

    [Theory]
    [InlineData("outbound", "{ port: 5432 }", true)]
    [InlineData("inbound", "{ port: 5432 }", true)]
    [InlineData("reverse", "{ port: 5432 }", false)]
    [InlineData("outbound", "{ sni: [a.x] }", true)]
    [InlineData("inbound", "{ sni: [\"*.x\"], port: 443 }", true)]
    [InlineData("outbound", "{ port: 80, path: / }", false)]
    [InlineData("outbound", "{ port: 80, hosts: [x] }", false)]
    [InlineData("outbound", "{ port: 80, service: a.b }", false)]
    [InlineData("outbound", "{ port: 80, methods: [GET] }", false)]
    [InlineData("outbound", "{ port: 80, headers: [{ name: a, mode: exists }] }", false)]
    [InlineData("outbound", "{}", false)]
    public void Load_SniOrPortAlone_IsATcpRoute(string direction, string match, bool isTcp) => Assert.Equal(
        isTcp, Assert.Single(Valid(Document("outbound: {}, inbound: {}", $"r: {{ direction: {direction}, match: {match}, cluster: local }}")).Routes).Match.IsTcp);

    [Theory]
    [InlineData("path: /", "path")]
    [InlineData("hosts: [a.x]", "hosts")]
    [InlineData("service: a.b", "service")]
    [InlineData("methods: [GET], headers: [{ name: a, mode: exists }]", "methods or headers")]
    public void Load_SniWithHttp_IsAnError(string match, string keys) => Assert.StartsWith(
        $"test.yaml:5: routes.r.match.sni: sni cannot stand together with {keys}: ",
        Error(Document("outbound: {}", $"r: {{ match: {{ sni: [a.x], {match} }}, cluster: local }}")));

    private static string Document(string listeners, params string[] routes) => $$"""
        version: 1
        listeners: { {{listeners}} }
        clusters: { local: { destinations: { a: { address: "http://localhost:1" }, b: { address: "http://127.9.9.9" }, c: { address: "http://[::1]:3" } } }, far: { destinations: { a: { address: "http://127.0.0.1" }, b: { address: "http://10.0.0.7:80" } } }, named: { dns: { name: localhost, port: 80 } }, looks: { destinations: { a: { address: "http://localhost.example.com" } } } }
        routes:

        """ + string.Concat(routes.Select(route => $"  {route}\n"));

    private static string TlsDocument(string route) => $$"""
        version: 1
        listeners: { outbound: {} }
        clusters: { tls: { destinations: { a: { address: "https://10.0.0.1:5432" } } }, tlsByName: { dns: { name: db.example.com, port: 5432, scheme: https } } }
        routes:
          {{route}}

        """;
}
