using Sidecar.Configuration.Effective;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests.Merging;

/// <summary>What a route's direction, and being TCP, make of the same written policy.</summary>
public sealed class DirectionPolicyTests
{
    [Theory]
    [InlineData("{}", null)]
    [InlineData("default", null)]
    [InlineData("quiet", null)]
    [InlineData("timed", "00:00:07")]
    [InlineData("{ base: timed, timeouts: { request: off } }", null)]
    [InlineData("{ timeouts: { request: 3s } }", "00:00:03")]
    public void Inbound_RequestTimeout_IsOffUnlessTheRouteOrItsBaseWroteIt(string policy, string? request)
    {
        var timeouts = Inbound(policy).Timeouts;

        Assert.Equal(request, timeouts.Request?.ToString());
        Assert.Equal(TimeSpan.FromSeconds(1), timeouts.Connect);
    }

    [Theory]
    [InlineData("{}", ConfigurationDefaults.InboundRetryOn)]
    [InlineData("quiet", ConfigurationDefaults.InboundRetryOn)]
    [InlineData("{ retry: { maxRetries: 5 } }", ConfigurationDefaults.InboundRetryOn)]
    [InlineData("timed", RetryConditions.Reset)]
    [InlineData("{ base: timed, retry: { maxRetries: 5 } }", RetryConditions.Reset)]
    [InlineData("{ retry: { retryOn: [5xx] } }", RetryConditions.ServerError)]
    [InlineData("{ base: gone, retry: { maxRetries: 5 } }", ConfigurationDefaults.InboundRetryOn)]
    public void Inbound_RetryOn_IsHarmlessUnlessTheRouteOrItsBaseWroteIt(string policy, RetryConditions retryOn)
    {
        var retry = Inbound(policy).Retry!;

        Assert.Equal((retryOn, 0), (retry.RetryOn, retry.Statuses.Items.Length));
    }

    [Fact]
    public void Inbound_RetryOff_StaysOff() => Assert.Null(Inbound("gone").Retry);

    [Fact]
    public void Outbound_Policy_IsThatOfAReverseRoute()
    {
        var routes = Valid(Document("a: { direction: outbound, match: {}, forwardTo: original }", "b: { direction: reverse, match: {}, cluster: local }")).Routes;

        Assert.Equal(routes[1].Policy, routes[0].Policy);
        Assert.Equal((TimeSpan.FromSeconds(9), 503), (routes[0].Policy.Timeouts.Request, Assert.Single(routes[0].Policy.Retry!.Statuses.Items)));
    }

    [Fact]
    public void Inbound_LongPerTry_HasNoRequestTimeoutToContradict()
    {
        Assert.Equal(TimeSpan.FromSeconds(20), Inbound("{ timeouts: { perTry: 20s } }").Timeouts.PerTry);
        Assert.Contains("perTry 20s is longer than request 9s", Error(Document("a: { direction: outbound, match: {}, forwardTo: original, policy: { timeouts: { perTry: 20s } } }")));
    }

    [Theory]
    [InlineData("{}", "00:00:01", false)]
    [InlineData("timed", "00:00:01", false)]
    [InlineData("guarded", "00:00:02", true)]
    [InlineData("{ base: guarded, timeouts: { connect: off }, circuitBreaker: off }", null, false)]
    public void Tcp_Policy_IsConnectTimeoutAndBreakerOnly(string policy, string? connect, bool hasBreaker)
    {
        foreach (var direction in new[] { "outbound", "inbound" })
        {
            var effective = Assert.Single(Valid(Document($"r: {{ direction: {direction}, match: {{ port: 5432 }}, cluster: local, policy: {policy} }}")).Routes).Policy;

            Assert.Equal(new TimeoutPolicy(null, false, null, connect is null ? null : TimeSpan.Parse(connect, null), null, null, null), effective.Timeouts);
            Assert.Equal((null, hasBreaker), (effective.Retry, effective.CircuitBreaker is not null));
        }
    }

    [Theory]
    [InlineData("policy: { retry: {} }", "policy.retry")]
    [InlineData("policy: { retry: off }", "policy.retry")]
    [InlineData("policy: { timeouts: { request: 1s } }", "policy.timeouts.request")]
    [InlineData("policy: { timeouts: { perTry: 1s } }", "policy.timeouts.perTry")]
    [InlineData("policy: { timeouts: { idle: 1s } }", "policy.timeouts.idle")]
    [InlineData("policy: { timeouts: { tunnelIdle: 1s } }", "policy.timeouts.tunnelIdle")]
    [InlineData("policy: { base: guarded, timeouts: { stream: off } }", "policy.timeouts.stream")]
    [InlineData("transforms: [{ PathPrefix: /a }]", "transforms")]
    public void Tcp_HttpKeyOfItsOwn_IsAnError(string key, string path) => Assert.StartsWith(
        $"test.yaml:11: routes.r.{path}: {path.Replace("policy.", "", StringComparison.Ordinal)} has no meaning on a TCP route",
        Error(Document($"r: {{ direction: outbound, match: {{ sni: [a.x] }}, forwardTo: original, {key} }}")));

    [Fact]
    public void Tcp_SeveralHttpKeys_AreAllReported() => Assert.Equal(
        3, Errors(Document("r: { direction: outbound, match: { port: 1 }, forwardTo: original, policy: { retry: {}, timeouts: { idle: 1s, request: 1s } } }")).Length);

    [Fact]
    public void Passthrough_Policy_HasNoClocksAndRetriesWhatWasNotActedOn()
    {
        var policy = ConfigurationDefaults.PassthroughPolicy;

        Assert.Equal(new TimeoutPolicy(null, false, null, null, null, null, null), policy.Timeouts);
        Assert.Equal((1, RetryConditions.RefusedStream | RetryConditions.Unsent), (policy.Retry!.MaxRetries, policy.Retry.RetryOn));
        Assert.Null(policy.CircuitBreaker);
    }

    [Theory]
    [InlineData("[503]", "[5xx]", "503")]
    [InlineData("[5xx]", "[gateway-error]", "502, 503, 504")]
    [InlineData("[5xx]", "[5xx]", "500, 501, 502, …")]
    [InlineData("[unavailable, 409]", "[retriable-4xx, unavailable]", "409, unavailable")]
    public void Load_SameCallRetriedOutboundAndInbound_IsAWarning(string outbound, string inbound, string common) => Assert.Contains(
        $"test.yaml:11: routes.out: routes 'out' (outbound) and 'in' (inbound) both retry on {common}: ", Assert.Single(Warnings(Both(outbound, inbound, "path: /a", "path: \"/{**rest}\""))));

    [Theory]
    [InlineData("[503]", "[connect-failure, unsent, reset]", "path: /a", "path: /a")]
    [InlineData("[503]", "[502]", "path: /a", "path: /a")]
    [InlineData("[503]", "[503]", "path: /a", "path: /b")]
    [InlineData("[503]", "[503]", "hosts: [a.x]", "hosts: [b.x]")]
    [InlineData("[503]", "[503]", "methods: [GET]", "methods: [PUT]")]
    [InlineData("[503]", "[503]", "headers: [{ name: a, mode: exists }]", "headers: [{ name: a, mode: notExists }]")]
    public void Load_DifferentCallsOrAnswers_AreNoWarning(string outbound, string inbound, string match, string other) =>
        Assert.Empty(Warnings(Both(outbound, inbound, match, other)));

    private static string Both(string outbound, string inbound, string match, string other) => Document(
        $"out: {{ direction: outbound, match: {{ {match} }}, forwardTo: original, policy: {{ timeouts: {{ perTry: 1s }}, retry: {{ retryOn: {outbound} }} }} }}",
        $"in: {{ direction: inbound, match: {{ {other} }}, forwardTo: original, policy: {{ timeouts: {{ perTry: 1s }}, retry: {{ retryOn: {inbound} }} }} }}");

    private static RoutePolicy Inbound(string policy) =>
        Assert.Single(Valid(Document($"r: {{ direction: inbound, match: {{}}, forwardTo: original, policy: {policy} }}")).Routes).Policy;

    private static string Document(params string[] routes) => """
        version: 1
        listeners: { outbound: {}, inbound: {}, reverse: { address: "127.0.0.1:1" } }
        clusters: { local: { destinations: { a: { address: "http://127.0.0.1:9000" }, b: { address: "http://127.0.0.1:9001" } } } }
        policies:
          default: { timeouts: { request: 9s, connect: 1s }, retry: { retryOn: [503] } }
          quiet: { timeouts: { idle: 1s } }
          timed: { timeouts: { request: 7s }, retry: { retryOn: [reset] } }
          guarded: { base: timed, timeouts: { connect: 2s }, circuitBreaker: {} }
          gone: { base: timed, retry: off }
        routes:

        """ + string.Concat(routes.Select(route => $"  {route}\n"));
}
