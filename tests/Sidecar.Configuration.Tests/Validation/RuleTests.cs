using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests.Validation;

public sealed class RuleTests
{
    [Theory]
    [InlineData("{ timeouts: { perTry: 16s } }", "test.yaml:4: routes.api.policy.timeouts.perTry: perTry 16s is longer than request 15s (default): shorten perTry or raise request")]
    [InlineData("{ timeouts: { perTry: 2s, request: 1s } }", "test.yaml:4: routes.api.policy.timeouts.perTry: perTry 2s is longer than request 1s: shorten perTry or raise request")]
    [InlineData("{ retry: { backoff: { max: 10ms } } }", "test.yaml:4: routes.api.policy.retry.backoff.max: backoff.base 25ms (default) is longer than backoff.max 10ms: shorten backoff.base or raise backoff.max")]
    [InlineData("{ circuitBreaker: { open: { max: 1s } } }", "test.yaml:4: routes.api.policy.circuitBreaker.open.max: open.base 5s (default) is longer than open.max 1s: shorten open.base or raise open.max")]
    public void Load_ClocksThatContradict_IsAnErrorWithBothValues(string policy, string error) => Assert.Equal(error, Error(WithPolicy(policy)));

    [Theory]
    [InlineData("{ timeouts: { perTry: 16s, request: off } }")]
    [InlineData("{ timeouts: { perTry: 15s }, retry: off }")]
    [InlineData("{ retry: { backoff: { base: 0ms, max: 0ms } } }")]
    [InlineData("{ circuitBreaker: { consecutiveFailures: off, failureRatio: off, slowCall: { duration: 1s } } }")]
    public void Load_ClocksThatAgree_IsNoError(string policy) => Assert.Empty(Warnings(WithPolicy(policy)));

    [Fact]
    public void Load_MistakeOfASharedPolicy_IsReportedOnceWhereItStands()
    {
        var text = WithRoutes("a: { match: { path: /a }, cluster: api, policy: p }", "b: { match: { path: /b }, cluster: api, policy: { base: p } }")
            + "policies: { p: { timeouts: { perTry: 20s } } }";

        Assert.StartsWith("test.yaml:7: policies.p.timeouts.perTry: ", Error(text));
    }

    [Theory]
    [InlineData("{ retry: { retryOn: [503] } }", "routes.api.policy.retry.retryOn: retries on a status without timeouts.perTry")]
    [InlineData("{ retry: { retryOn: [5xx] } }", "retries on a status without timeouts.perTry")]
    [InlineData("{ retry: { retryOn: [unavailable] } }", "retries on a status without timeouts.perTry")]
    [InlineData("{ retry: { retryOn: [per-try-timeout] } }", "per-try-timeout never happens while timeouts.perTry is off")]
    [InlineData("{ timeouts: { perTry: 5s }, retry: { maxRetries: 3 } }", "routes.api.policy.timeouts.perTry: 4 tries of perTry 5s do not fit in request 15s")]
    [InlineData("{ retry: { replayBytes: 17MiB } }", "replayBytes 17MiB is more than limits.replayTotal 16MiB")]
    public void Load_ProbablyNotMeant_IsAWarning(string policy, string warning) => Assert.Contains(warning, Assert.Single(Warnings(WithPolicy(policy))));

    [Theory]
    [InlineData("{}")]
    [InlineData("{ retry: { retryOn: [503], maxRetries: 0 } }")]
    [InlineData("{ timeouts: { perTry: 5s }, retry: { maxRetries: 2, retryOn: [503, per-try-timeout] } }")]
    [InlineData("{ timeouts: { perTry: 5s, request: off }, retry: { maxRetries: 9 } }")]
    [InlineData("{ circuitBreaker: {} }")]
    public void Load_Meant_IsNoWarning(string policy) => Assert.Empty(Warnings(WithPolicy(policy)));

    [Theory]
    [InlineData("circuitBreaker={}", true)]
    [InlineData("circuitBreaker={scope: route}", false)]
    [InlineData("circuitBreaker={whenAllOpen: tryAnyway}", true)]
    public void Load_DestinationBreakerWithOneDestination_IsAWarning(string set, bool warns)
    {
        var warnings = Warnings(WithRoutes("r: { match: {}, cluster: api }"), set);

        Assert.Equal(warns, warnings.Length == 1 && warnings[0].Contains("cluster 'api' has one destination", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_RoutesWithoutListener_IsAWarning() => Assert.Equal(
        "test.yaml:2: routes.r: route 'r' is reverse and no such listener is open: write listeners.reverse, or run with --listen",
        Assert.Single(Warnings("version: 1\nroutes: { r: { match: {}, cluster: c } }\nclusters: { c: { dns: { name: x, port: 1 } } }")));

    [Fact]
    public void Load_DestinationsWithOneAddress_IsAWarning() => Assert.Contains(
        "destinations 'a' or 'b' have the same address http://x:80",
        Assert.Single(Warnings(WithCluster("{ destinations: { a: { address: \"http://x:80\" }, b: { address: \"http://x\" }, c: { address: \"http://x:81\" } } }"))));

    [Theory]
    [InlineData("{ dns: { name: x, port: 443 }, tls: {} }", "tls is written but dns.scheme is http")]
    [InlineData("{ destinations: { a: { address: \"http://x\" } }, tls: { ca: /ca.pem } }", "tls is written but http://x is http")]
    [InlineData("{ destinations: {} }", "is empty: write at least one destination")]
    [InlineData("{ dns: { name: x, port: 1, scheme: https }, tls: { clientCertificate: /c } }", "clientCertificate '/c' needs clientKey")]
    [InlineData("{ dns: { name: x, port: 1 }, healthCheck: { active: { path: /h, timeout: 11s } } }", "timeout 11s is longer than interval 10s")]
    [InlineData("{ dns: { name: x, port: 1 }, healthCheck: { passive: {} } }", "unknown key 'passive'")]
    public void Load_ClusterThatCannotBe_IsAnError(string cluster, string error) => Assert.Contains(error, Error(WithCluster(cluster)));

    [Theory]
    [InlineData("reverse: { address: \"127.0.0.1:15100\" }", "listeners reverse (127.0.0.1:15100) and admin (127.0.0.1:15100) cannot both be opened")]
    [InlineData("reverse: { address: \"0.0.0.0:15100\" }", "listeners reverse (0.0.0.0:15100) and admin (127.0.0.1:15100) cannot both be opened")]
    [InlineData("reverse: { address: \"127.0.0.1:15120\" }", "listeners reverse (127.0.0.1:15120) and metrics ([::]:15120) cannot both be opened")]
    [InlineData("admin: { address: \"10.0.0.1:15100\" }", "is not a loopback address and port")]
    [InlineData("admin: { address: \"[::]:15100\" }", "is not a loopback address and port")]
    [InlineData("reverse: {}", "key 'address' is missing")]
    [InlineData("reverse: \"127.0.0.1:80\"", "the string '127.0.0.1:80' is not off or a listener (an object)")]
    [InlineData("outbound: { port: 15100 }", "listeners outbound ([::]:15100) and admin (127.0.0.1:15100) cannot both be opened")]
    [InlineData("inbound: { port: 15120 }", "listeners inbound ([::]:15120) and metrics ([::]:15120) cannot both be opened")]
    [InlineData("{ outbound: { port: 15106 }, inbound: {} }", "listeners outbound ([::]:15106) and inbound ([::]:15106) cannot both be opened")]
    [InlineData("{ outbound: {}, reverse: { address: \"127.0.0.1:15101\" } }", "listeners reverse (127.0.0.1:15101) and outbound ([::]:15101) cannot both be opened")]
    [InlineData("outbound: { port: 65536 }", "the number '65536' is not a whole number from 0 to 65535")]
    [InlineData("outbound: { address: \"127.0.0.1:15101\" }", "unknown key 'address'; the keys here are port")]
    public void Load_ListenersThatCannotBe_IsAnError(string listener, string error) => Assert.Contains(error, Error($"version: 1\nlisteners:\n  {listener}"));

    [Theory]
    [InlineData("reverse: { address: \"127.0.0.1:15100\" }, admin: off")]
    [InlineData("reverse: { address: \"127.0.0.2:15100\" }")]
    [InlineData("reverse: { address: \"[::1]:15100\" }")]
    [InlineData("reverse: { address: \"127.0.0.1:0\" }, admin: { address: \"127.0.0.1:0\" }")]
    [InlineData("outbound: { port: 0 }, inbound: { port: 0 }")]
    [InlineData("outbound: { port: 15100 }, admin: off")]
    public void Load_ListenersApart_IsNoError(string listeners) => Valid($"version: 1\nlisteners: {{ {listeners} }}");

    [Theory]
    [InlineData("{ base: loop }", "there is no policy 'loop'")]
    [InlineData("nowhere", "there is no policy 'nowhere'")]
    public void Load_UnknownPolicy_IsAnError(string policy, string error) => Assert.Contains(error, Error(WithPolicy(policy)));

    [Fact]
    public void Load_BaseOfItself_IsACircle() => Assert.Equal(
        "test.yaml:5: policies.p.base: policies go in a circle, p → p: remove one base", Error(WithPolicy("p") + "\npolicies: { p: { base: p } }"));

    [Fact]
    public void Load_PolicyBeforeACircle_IsNotReportedItself() =>
        Assert.Equal(2, Errors(WithPolicy("p") + "\npolicies: { p: { base: a }, a: { base: b }, b: { base: a } }").Length);

    [Fact]
    public void Load_ChainOfBases_HasALength()
    {
        static string Chain(int length) =>
            WithPolicy("p0") + "\npolicies:\n" + string.Concat(Enumerable.Range(0, length).Select(i => $"  p{i}: {{ base: p{i + 1} }}\n")) + $"  p{length}: {{ retry: {{ maxRetries: 7 }} }}\n";

        Assert.Equal(7, Valid(Chain(32)).Routes[0].Policy.Retry!.MaxRetries);
        Assert.Contains("more than 32 policies stand behind 'p0'", Error(Chain(33)));
    }

    [Fact]
    public void Load_PasswordInAnAddress_IsNotRepeated()
    {
        var error = Error(WithCluster("{ destinations: { a: { address: \"http://user:hunter2@x\" } } }"));

        Assert.DoesNotContain("hunter2", error);
        Assert.Contains("'http://…@x'", error);
    }

    [Fact]
    public void Load_RouteWithSeveralMistakes_HasItsReferencesCheckedToo() =>
        Assert.Equal(3, Errors(WithRoutes("r: { match: { port: x }, cluster: nope, policy: nope }")).Length);
}
