using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests;

public sealed class ServiceHostsTests
{
    [Fact]
    public void Expand_OtherNamespace_HasNoBareName() => Assert.Equal(
        ["orders.shop", "orders.shop.", "orders.shop.svc", "orders.shop.svc.", "orders.shop.svc.cluster.local", "orders.shop.svc.cluster.local."],
        ServiceHosts.Expand("orders.shop", "billing", "cluster.local").AsEnumerable());

    [Fact]
    public void Expand_SameNamespace_HasTheBareName() => Assert.Equal(
        ["orders", "orders."],
        ServiceHosts.Expand("orders.shop", "shop", "example.org").Except(ServiceHosts.Expand("orders.shop", null, "example.org")));

    [Theory]
    [InlineData("search shop.svc.corp.example svc.corp.example corp.example\n", "shop", "corp.example")]
    [InlineData("nameserver 10.0.0.10\r\nsearch a.svc.x b.svc.y\r\nsearch  Shop.svc.Cluster.Local.\toffice.example \r\noptions ndots:5", "shop", "cluster.local")]
    [InlineData("search svc.cluster.local shop.svc.other", null, "cluster.local")]
    [InlineData("search office.example shop.svc.cluster.local", null, "cluster.local")]
    [InlineData("search office.example", null, null)]
    [InlineData("search svc shop.svc", null, null)]
    [InlineData("domain shop.svc.cluster.local", null, null)]
    [InlineData("search", null, null)]
    [InlineData("", null, null)]
    public void Parse_ResolvConf_TellsNamespaceAndDomain(string text, string? ns, string? domain)
    {
        var parsed = ResolvConf.Parse(text);

        Assert.Equal((ns, domain), (parsed.Namespace, parsed.ClusterDomain));
    }

    [Theory]
    [InlineData("billing", "search shop.svc.x", "billing", "x")]
    [InlineData("", "search shop.svc.x", "shop", "x")]
    [InlineData(null, null, null, "cluster.local")]
    public void From_PodSurroundings_PrefersTheVariable(string? variable, string? resolvConf, string? ns, string domain) =>
        Assert.Equal(new ConfigurationEnvironment(ns, domain), ConfigurationEnvironment.From(variable, resolvConf));

    [Fact]
    public void Load_Service_BecomesHosts()
    {
        var result = ConfigurationLoader.Load([new ConfigurationSource("x", Examples.Shape)], [], new ConfigurationEnvironment("shop", "corp.example"));

        var match = result.Configuration!.Routes.Single(route => route.Id == "orders-service").Match;
        Assert.Equal("orders.shop", match.Service);
        Assert.Equal(ServiceHosts.Expand("orders.shop", "shop", "corp.example").AsEnumerable(), match.Hosts);
        Assert.Contains("service: orders.shop", EffectiveDocument.Write(result.Configuration));
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("orders.shop.svc")]
    [InlineData("Orders.shop")]
    [InlineData("-a.shop")]
    [InlineData("orders.")]
    public void Load_ServiceOfAnotherForm_IsAnError(string service) =>
        Assert.Contains("is not a service as name.namespace", Error(WithRoutes($"r: {{ match: {{ service: {service} }}, cluster: api }}")));
}
