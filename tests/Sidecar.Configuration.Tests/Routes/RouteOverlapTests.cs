using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests.Routes;

public sealed class RouteOverlapTests
{
    [Theory]
    [InlineData("{ match: {} }", "{ match: {} }")]
    [InlineData("{ match: {} }", "{ match: { path: \"/{**x}\" } }")]
    [InlineData("{ match: { path: \"/a/{id}\" } }", "{ match: { path: \"/A/{name}\" } }")]
    [InlineData("{ match: { path: \"/a/{id:int}\" } }", "{ match: { path: \"/a/{n:int}\" } }")]
    [InlineData("{ match: { hosts: [a.x, b.x] } }", "{ match: { hosts: [c.x, B.x] } }")]
    [InlineData("{ match: { hosts: [\"*.x\"] } }", "{ match: { hosts: [\"*.x\", z] } }")]
    [InlineData("{ match: { service: orders.shop } }", "{ match: { hosts: [orders.shop.svc] } }")]
    [InlineData("{ match: { methods: [GET, PUT] } }", "{ match: { methods: [post, put] } }")]
    [InlineData("{ match: { headers: [{ name: a, values: [x] }] } }", "{ match: { headers: [{ name: b, values: [x] }] } }")]
    [InlineData("{ match: { headers: [{ name: a, values: [x, z] }] } }", "{ match: { headers: [{ name: A, values: [\"Z\"] }] } }")]
    [InlineData("{ match: { headers: [{ name: a, values: [x] }] } }", "{ match: { headers: [{ name: a, values: [z], mode: contains }] } }")]
    [InlineData("{ match: { headers: [{ name: a, mode: notExists }] } }", "{ match: { headers: [{ name: a, values: [x], mode: notContains }] } }")]
    [InlineData("{ match: { path: /a, port: 80 } }", "{ match: { path: /a, port: 80 } }")]
    [InlineData("{ order: 3, match: {} }", "{ order: 3, match: {} }")]
    [InlineData("{ match: { port: 80 } }", "{ match: { path: \"/{**x}\", port: 80 } }")]
    public void Load_RoutesThatNothingOrders_IsAnErrorNamingBoth(string first, string second)
    {
        var error = Error(Routes(first, second));

        Assert.StartsWith("test.yaml:6: routes.two: routes 'one' (test.yaml:5) and 'two' can match the same request and nothing orders them", error);
    }

    [Theory]
    [InlineData("{ order: 1, match: { path: /a } }", "{ match: { path: /a } }")]
    [InlineData("{ match: { path: /a, port: 80 } }", "{ match: { path: /a } }")]
    [InlineData("{ match: { path: /a, port: 80 } }", "{ match: { path: /a, port: 81 } }")]
    [InlineData("{ match: { hosts: [a.x] } }", "{ match: {} }")]
    [InlineData("{ match: { hosts: [a.x] } }", "{ match: { hosts: [\"*.x\"] } }")]
    [InlineData("{ match: { hosts: [\"*.x\"] } }", "{ match: { hosts: [\"*.y.x\"] } }")]
    [InlineData("{ match: { path: /a } }", "{ match: { path: /b } }")]
    [InlineData("{ match: { path: /a } }", "{ match: { path: \"/{x}\" } }")]
    [InlineData("{ match: { path: \"/{x}\" } }", "{ match: { path: \"/{**x}\" } }")]
    [InlineData("{ match: { path: \"/{x:int}\" } }", "{ match: { path: \"/{x}\" } }")]
    [InlineData("{ match: { path: \"/{x:int}\" } }", "{ match: { path: \"/{x:alpha}\" } }")]
    [InlineData("{ match: { methods: [GET] } }", "{ match: {} }")]
    [InlineData("{ match: { methods: [GET] } }", "{ match: { methods: [PUT] } }")]
    [InlineData("{ match: { headers: [{ name: a, mode: exists }] } }", "{ match: {} }")]
    [InlineData("{ match: { headers: [{ name: a, values: [x] }] } }", "{ match: { headers: [{ name: a, values: [z] }] } }")]
    [InlineData("{ match: { headers: [{ name: a, values: [x], isCaseSensitive: true }] } }", "{ match: { headers: [{ name: a, values: [\"X\"], isCaseSensitive: true }] } }")]
    [InlineData("{ match: { headers: [{ name: a, mode: exists }] } }", "{ match: { headers: [{ name: a, mode: notExists }] } }")]
    [InlineData("{ match: { headers: [{ name: a, values: [x], mode: contains }] } }", "{ match: { headers: [{ name: a, values: [x], mode: notContains }] } }")]
    public void Load_RoutesThatTheOrderSeparates_AreFine(string first, string second)
    {
        Valid(Routes(first, second));
        Valid(Routes(second, first));
    }

    [Theory]
    [InlineData("outbound, match: { port: 80 }", "outbound, match: { port: 80 }")]
    [InlineData("inbound, match: { port: 80 }", "inbound, match: { port: 80 }")]
    [InlineData("outbound, match: { sni: [a.x, b.x] }", "outbound, match: { sni: [c.x, B.x] }")]
    [InlineData("outbound, match: { sni: [\"*.x\"] }", "outbound, match: { sni: [\"*.x\"] }")]
    [InlineData("outbound, match: { sni: [a.x], port: 443 }", "outbound, match: { port: 443, sni: [a.x] }")]
    public void Load_TcpRoutesThatNothingOrders_IsAnErrorNamingBoth(string first, string second)
    {
        var error = Error(Intercepted(first, second));

        Assert.StartsWith("test.yaml:6: routes.two: routes 'one' (test.yaml:5) and 'two' can match the same connection and nothing orders them", error);
    }

    [Theory]
    [InlineData("outbound, match: {}", "inbound, match: {}")]
    [InlineData("outbound, match: {}", "reverse, match: {}")]
    [InlineData("outbound, match: { port: 80 }", "inbound, match: { port: 80 }")]
    [InlineData("outbound, match: { port: 80 }", "reverse, match: { port: 80 }")]
    [InlineData("outbound, match: { port: 80 }", "outbound, match: { path: \"/{**x}\", port: 80 }")]
    [InlineData("outbound, match: { sni: [a.x] }", "outbound, match: { hosts: [a.x] }")]
    [InlineData("outbound, match: { sni: [a.x] }", "outbound, match: { sni: [b.x] }")]
    [InlineData("outbound, match: { sni: [a.x] }", "outbound, match: { sni: [\"*.x\"] }")]
    [InlineData("outbound, match: { sni: [a.x] }", "outbound, match: { sni: [a.x], port: 443 }")]
    [InlineData("outbound, match: { port: 443 }", "outbound, match: { sni: [a.x], port: 443 }")]
    [InlineData("outbound, match: { port: 80 }", "outbound, match: { port: 81 }")]
    [InlineData("outbound, order: 1, match: { port: 80 }", "inbound, match: { port: 80 }")]
    [InlineData("outbound, order: 1, match: { port: 80, path: / }", "outbound, match: { port: 80 }")]
    public void Load_RoutesThatShareNoTraffic_AreFine(string first, string second)
    {
        Assert.Empty(Warnings(Intercepted(first, second)));
        Assert.Empty(Warnings(Intercepted(second, first)));
    }

    [Theory]
    [InlineData("outbound, match: { sni: [\"*.x\"] }", "outbound, order: 1, match: { sni: [a.x, \"*.b.x\"], port: 443 }")]
    [InlineData("outbound, match: { port: 443 }", "outbound, order: 1, match: { sni: [a.x], port: 443 }")]
    public void Load_EarlierTcpRouteMatchesEverything_WarnsOfTheShadow(string first, string second) =>
        Assert.StartsWith("test.yaml:6: routes.two: route 'two' (order 1) never gets a connection: route 'one'", Assert.Single(Warnings(Intercepted(first, second))));

    [Fact]
    public void Load_ThreeEqualRoutes_AreThreePairs() =>
        Assert.Equal(3, Errors(WithRoutes("a: { match: {}, cluster: api }", "b: { match: {}, cluster: api }", "c: { match: {}, cluster: api }")).Length);

    [Fact]
    public void Load_PairThatSharesSeveralHosts_IsReportedOnce() =>
        Error(Routes("{ match: { hosts: [a, b, c] } }", "{ match: { hosts: [c, b, a] } }"));

    [Theory]
    [InlineData("{ order: -1, match: {} }", "{ match: { path: /a, methods: [GET], hosts: [x], port: 80, headers: [{ name: a, mode: exists }] } }")]
    [InlineData("{ match: { hosts: [\"*.x\"], path: \"/a/{id}\" } }", "{ order: 1, match: { hosts: [a.x, \"*.b.x\"], path: /a/b } }")]
    [InlineData("{ match: { methods: [GET, PUT], port: 80 } }", "{ order: 1, match: { methods: [PUT], port: 80 } }")]
    [InlineData("{ match: { headers: [{ name: a, values: [x] }] } }", "{ order: 1, match: { headers: [{ name: b, mode: exists }, { name: A, values: [x] }] } }")]
    public void Load_EarlierRouteMatchesEverything_WarnsOfTheShadow(string first, string second)
    {
        var warning = Assert.Single(Warnings(Routes(first, second)));

        Assert.StartsWith("test.yaml:6: routes.two: route 'two' (order ", warning);
        Assert.Contains("never gets a request: route 'one'", warning);
    }

    [Theory]
    [InlineData("{ order: 1, match: {} }", "{ match: { path: /a } }")]
    [InlineData("{ order: -1, match: { path: /b } }", "{ match: { path: /a } }")]
    [InlineData("{ order: -1, match: { hosts: [\"*.x\"] } }", "{ match: { hosts: [x] } }")]
    [InlineData("{ order: -1, match: { hosts: [\"*.x\"] } }", "{ match: {} }")]
    [InlineData("{ order: -1, match: { hosts: [a.x] } }", "{ match: { hosts: [a.x, b.x] } }")]
    [InlineData("{ order: -1, match: { path: /a, port: 80 } }", "{ match: { path: /a } }")]
    [InlineData("{ order: -1, match: { methods: [GET] } }", "{ match: { methods: [GET, PUT] } }")]
    [InlineData("{ order: -1, match: { methods: [GET] } }", "{ match: {} }")]
    [InlineData("{ order: -1, match: { headers: [{ name: a, values: [x] }] } }", "{ match: { headers: [{ name: a, values: [z] }] } }")]
    [InlineData("{ match: {} }", "{ match: { path: /a } }")]
    public void Load_EarlierRouteLeavesSomething_DoesNotWarn(string first, string second) => Assert.Empty(Warnings(Routes(first, second)));

    [Fact]
    public void Load_ThousandsOfRoutes_TakesNoQuadraticTime()
    {
        var routes = Enumerable.Range(0, 4_000).Select(i => $"r{i}: {{ match: {{ hosts: [h{i}.x], path: /p }}, cluster: api }}");

        Assert.Equal(4_000, Valid(WithRoutes([.. routes])).Routes.Length);
    }

    private static string Intercepted(string first, string second) => $$"""
        version: 1
        listeners: { outbound: {}, inbound: {}, reverse: { address: "127.0.0.1:1" } }
        clusters: { api: { destinations: { a: { address: "http://127.0.0.1:9000" } } } }
        routes:
          one: { cluster: api, direction: {{first}} }
          two: { cluster: api, direction: {{second}} }
        """;

    private static string Routes(string first, string second) =>
        WithRoutes("one: " + first.Replace("{ ", "{ cluster: api, ", 1), "two: " + second.Replace("{ ", "{ cluster: api, ", 1));
}

internal static class Replacement
{
    /// <summary>Replaces the first occurrences only.</summary>
    public static string Replace(this string text, string what, string by, int count) =>
        new System.Text.RegularExpressions.Regex(System.Text.RegularExpressions.Regex.Escape(what)).Replace(text, by, count);
}
