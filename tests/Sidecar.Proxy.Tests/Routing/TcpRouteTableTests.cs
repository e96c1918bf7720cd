using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Routing;

namespace Sidecar.Proxy.Tests.Routing;

public class TcpRouteTableTests
{
    [Theory]
    [InlineData("{ order: -1, match: { sni: ['*.test'] } }", "{ match: { sni: [a.test], port: 443 } }")] // order
    [InlineData("{ match: { sni: ['*.test'], port: 443 } }", "{ match: { sni: [a.test] } }")] // port
    [InlineData("{ match: { port: 443 } }", "{ match: { sni: [a.test] } }")]
    [InlineData("{ match: { sni: [a.test] } }", "{ match: { sni: ['*.test'] } }")] // exact
    [InlineData("{ match: { sni: [a.b.test], port: 443 } }", "{ match: { sni: ['*.b.test'], port: 443 } }", "a.b.test")]
    [InlineData("{ match: { sni: ['*.b.test'] } }", "{ match: { sni: ['*.test'] } }", "a.b.test")] // longest wildcard
    [InlineData("{ match: { sni: ['*.test'], port: 443 } }", "{ match: { port: 443 } }")] // none
    [InlineData("{ match: { sni: [A.TEST] } }", "{ match: { sni: ['*.test'] } }")]
    public async Task Find_TwoRoutesMatch_TheFirstInOrderIsTaken(string first, string second, string name = "a.test")
    {
        foreach (var isSwapped in new[] { false, true })
        {
            await using var routes = new RunningRoutes(isSwapped ? $"{Route("second", second)}\n  {Route("first", first)}" : $"{Route("first", first)}\n  {Route("second", second)}");

            Assert.Equal("first", routes.TcpRoutes.Find(Direction.Outbound, 443, name)?.Compiled.Id);
        }
    }

    [Theory]
    [InlineData("{ match: { port: 443 } }", 443, null, true)]
    [InlineData("{ match: { port: 443 } }", 443, "a.test", true)]
    [InlineData("{ match: { port: 443 } }", 444, null, false)]
    [InlineData("{ match: { sni: [a.test] } }", 1, "a.test", true)]
    [InlineData("{ match: { sni: [a.test] } }", 1, "b.a.test", false)]
    [InlineData("{ match: { sni: [a.test] } }", 1, null, false)]
    [InlineData("{ match: { sni: [a.test, b.test], port: 443 } }", 443, "b.test", true)]
    [InlineData("{ match: { sni: [a.test, b.test], port: 443 } }", 80, "b.test", false)]
    [InlineData("{ match: { sni: ['*.test'] } }", 1, "a.b.test", true)]
    [InlineData("{ match: { sni: ['*.test'] } }", 1, "test", false)]
    [InlineData("{ match: { sni: ['*.test'] } }", 1, ".test", false)]
    [InlineData("{ match: { sni: ['*.test'] } }", 1, "atest", false)]
    [InlineData("{ match: { sni: ['*.test'] } }", 1, null, false)]
    [InlineData("{ match: { path: '/', port: 443 } }", 443, null, false)] // HTTP's
    public async Task Find_OneRoute_MatchesPortAndName(string route, int port, string? name, bool isFound)
    {
        await using var routes = new RunningRoutes(Route("r", route));

        Assert.Equal(isFound, routes.TcpRoutes.Find(Direction.Outbound, port, name) is not null);
        Assert.Null(routes.TcpRoutes.Find(Direction.Inbound, port, name));
    }

    [Fact]
    public async Task Publish_Again_ReplacesAll()
    {
        await using var routes = new RunningRoutes(Route("old", "{ match: { port: 1 } }"));
        var old = routes.TcpRoutes.Find(Direction.Outbound, 1, null);

        routes.Apply(Route("new", "{ match: { port: 2 } }"));

        Assert.Equal("old", old?.Compiled.Id);
        Assert.Null(routes.TcpRoutes.Find(Direction.Outbound, 1, null));
        Assert.Equal("new", routes.TcpRoutes.Find(Direction.Outbound, 2, null)?.Compiled.Id);
        Assert.Null(new TcpRouteTable().Find(Direction.Outbound, 2, null));
    }

    private static string Route(string id, string route) => $"{id}: {{ direction: outbound, cluster: c, {route.TrimStart('{', ' ')}";
}
