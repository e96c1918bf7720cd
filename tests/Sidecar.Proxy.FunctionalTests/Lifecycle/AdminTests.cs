using System.Text.Json;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>The proxy's own edge: what it shows where, and to whom it listens.</summary>
public abstract class AdminTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyTheory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    [InlineData("/config")]
    [InlineData("/routes")]
    [InlineData("/breakers")]
    public async Task Admin_EachPage_IsServed(string target)
    {
        var proxy = await StartAsync();

        Assert.Equal(200, (await proxy.AdminAsync(target)).Status);
    }

    [ProxyTheory]
    [InlineData("/metrics", 200)]
    [InlineData("/livez", 200)]
    [InlineData("/readyz", 200)]
    [InlineData("/config", 404)]
    [InlineData("/routes", 404)]
    [InlineData("/breakers", 404)]
    [InlineData("/drain", 404)]
    [InlineData("//metrics", 404)]
    [InlineData("/METRICS", 404)]
    public async Task MetricsListener_ServesOnlyItsThreePages(string target, int status)
    {
        var proxy = await StartAsync();

        Assert.Equal(status, (await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", target))).Status);
    }

    [ProxyFact]
    public async Task Drain_WithoutTheHeader_IsRefused()
    {
        var proxy = await StartAsync();

        var response = await RawClient.ExchangeAsync(proxy.Admin, RequestWithBody("POST", "/drain", "", "host: localhost"));

        Assert.Equal(403, response.Status);
        Assert.Equal(200, (await proxy.AdminAsync("/readyz")).Status);
    }

    [ProxyFact]
    public async Task Drain_ByGet_IsRefused()
    {
        var proxy = await StartAsync();

        var response = await RawClient.ExchangeAsync(proxy.Admin, Request("GET", "/drain", "host: localhost", "x-sidecar-admin: 1"));

        Assert.Equal(405, response.Status);
        Assert.Equal(200, (await proxy.AdminAsync("/readyz")).Status);
    }

    [ProxyTheory]
    [InlineData("evil.test")]
    [InlineData("localhost.evil.test")]
    [InlineData("10.0.0.1")]
    public async Task Drain_ByAHostThatIsNotLoopback_IsRefused(string host)
    {
        var proxy = await StartAsync();

        var response = await RawClient.ExchangeAsync(proxy.Admin, RequestWithBody("POST", "/drain", "", $"host: {host}", "x-sidecar-admin: 1"));

        Assert.InRange(response.Status, 400, 499);
        Assert.Equal(200, (await proxy.AdminAsync("/readyz")).Status);
    }

    [ProxyFact]
    public async Task AdminPages_AreNotOnTheTrafficListener()
    {
        var proxy = await StartAsync();

        var response = await proxy.GetAsync("/metrics", "host: localhost");

        Assert.Equal("app", response.BodyText);
    }

    [ProxyFact]
    public async Task Routes_ShowsTheConfiguredOnes()
    {
        var proxy = await StartAsync();

        var routes = (await proxy.AdminJsonAsync("/routes")).GetProperty("routes");

        Assert.Contains("app", Assert.Single(routes.EnumerateArray()).GetRawText(), StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task Config_ShowsTheEffectiveValues()
    {
        var proxy = await StartAsync();

        var config = await proxy.AdminAsync("/config");

        using var parsed = JsonDocument.Parse(config.Body);
        Assert.Contains("maxRetries", config.BodyText, StringComparison.Ordinal);
        Assert.Contains("replayBytes", config.BodyText, StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task Metrics_AreValidText()
    {
        var proxy = await StartAsync();
        await proxy.GetAsync();

        var response = await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", "/metrics"));

        Assert.StartsWith("text/plain; version=0.0.4", response.Header("content-type"), StringComparison.Ordinal);
        var samples = PrometheusText.Parse(response.BodyText).Samples;
        Assert.NotEmpty(samples);
        Assert.Equal(samples.Count, samples.Select(sample => sample.Name + string.Join(',', sample.Labels.Select(label => $"{label.Key}={label.Value}"))).Distinct().Count());
    }

    private async Task<IProxyUnderTest> StartAsync()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("app")));
        return await StartAsync(TestDocument.To(upstream.Address));
    }
}

/// <summary>In process.</summary>
public sealed class AdminManaged() : AdminTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class AdminNative() : AdminTests(ProxyKind.Native), INativeSuite;
