using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.AppHealth;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Tests.Configuration;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Admin;

public sealed class AdminEndpointsTests
{
    private readonly RecordedAdminView _view = new();
    private readonly AdminEndpoints _endpoints;

    public AdminEndpointsTests() => _endpoints = new AdminEndpoints(_view, new AppHealthEndpoint(new ApplicationHealth([], (_, _) => { }, TimeProvider.System)));

    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/readyz?verbose")]
    [InlineData("/healthz")]
    [InlineData("/routes")]
    [InlineData("/breakers")]
    [InlineData("/stats")]
    public async Task Admin_ReadableResources_AreJsonThatIsNeitherCachedNorSniffed(string target)
    {
        var context = await AdminAsync("GET", target);

        Assert.Equal(200, context.Response.StatusCode);
        Assert.Equal("application/json", context.Response.ContentType);
        Assert.Equal("nosniff", context.Response.Headers.XContentTypeOptions);
        Assert.Equal("no-store", context.Response.Headers.CacheControl);
        Assert.Equal(JsonValueKind.Object, Json(context).ValueKind);
        Assert.Equal(context.Response.Body.Length, context.Response.ContentLength);
    }

    [Fact]
    public async Task Admin_Head_HasTheHeadersAndNoBody()
    {
        var context = await AdminAsync("HEAD", "/stats");

        Assert.Equal(200, context.Response.StatusCode);
        Assert.True(context.Response.ContentLength > 0);
        Assert.Equal(0, context.Response.Body.Length);
    }

    [Theory]
    [InlineData("//livez")]
    [InlineData("/livez/")]
    [InlineData("/./livez")]
    [InlineData("/x/../livez")]
    [InlineData("/%6civez")]
    [InlineData("/livez%00")]
    [InlineData("/livez;x")]
    [InlineData("/LIVEZ")]
    [InlineData("//drain")]
    [InlineData("/drain/")]
    [InlineData("/%64rain")]
    [InlineData("http://localhost/livez")]
    [InlineData("*")]
    [InlineData("/")]
    [InlineData("")]
    public async Task Admin_AnyOtherSpelling_Is404WithoutEffect(string target)
    {
        var context = await AdminAsync("POST", target, request => request.Headers["x-sidecar-admin"] = "1");

        Assert.Equal(404, context.Response.StatusCode);
        Assert.Equal("application/problem+json", context.Response.ContentType);
        Assert.Equal(0, _view.Drains);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example:15100")]
    [InlineData("10.0.0.7:15100")]
    [InlineData("")]
    public async Task Admin_HostIsNotLoopback_IsMisdirected(string host)
    {
        foreach (var target in (string[])["/config", "/livez", "/nothing"])
        {
            Assert.Equal(421, (await AdminAsync("GET", target, request => request.Host = new HostString(host))).Response.StatusCode);
        }
    }

    [Fact]
    public async Task Admin_ChangeWithForeignHost_IsRefusedAndAudited()
    {
        var context = await AdminAsync("POST", "/drain", request =>
        {
            request.Host = new HostString("evil.example");
            request.Headers["x-sidecar-admin"] = "1";
        });

        Assert.Equal(421, context.Response.StatusCode);
        Assert.Equal(0, _view.Drains);
        Assert.Equal(AdminOutcome.HostNotLoopback, Assert.Single(_view.Audited).Outcome);
    }

    [Fact]
    public async Task Admin_ChangeWithoutTheHeader_IsForbiddenAndAudited()
    {
        var context = await AdminAsync("POST", "/drain");

        Assert.Equal(403, context.Response.StatusCode);
        Assert.Equal(0, _view.Drains);
        Assert.Equal(new AdminAction("drain", "", AdminOutcome.HeaderMissing, new IPEndPoint(IPAddress.Loopback, 40000)), Assert.Single(_view.Audited));
    }

    [Theory]
    [InlineData("/drain", "POST")]
    [InlineData("/quitquitquit", "POST")]
    [InlineData("/log-level", "POST")]
    [InlineData("/config", "GET, HEAD")]
    [InlineData("/metrics", "GET, HEAD")]
    public async Task Admin_WrongMethod_NamesTheRightOne(string target, string allowed)
    {
        var context = await AdminAsync(allowed == "POST" ? "GET" : "DELETE", target);

        Assert.Equal(405, context.Response.StatusCode);
        Assert.Equal(allowed, context.Response.Headers.Allow);
    }

    [Fact]
    public async Task Drain_WithHeader_DrainsAndShowsWhatIsInFlight()
    {
        _view.Stats = new StatsView(10, 3, 2, TimeSpan.FromSeconds(5), 1, 0);

        var context = await AdminAsync("POST", "/drain", request => request.Headers["x-sidecar-admin"] = "1");

        Assert.Equal(202, context.Response.StatusCode);
        Assert.Equal(1, _view.Drains);
        Assert.Equal(3, Json(context).GetProperty("inFlight").GetInt32());
        Assert.Equal(AdminOutcome.Accepted, Assert.Single(_view.Audited).Outcome);
    }

    [Fact]
    public async Task Quit_WithHeader_QuitsAndIsAudited()
    {
        var context = await AdminAsync("POST", "/quitquitquit", request => request.Headers["x-sidecar-admin"] = "1");

        Assert.Equal(202, context.Response.StatusCode);
        Assert.Equal((1, 0), (_view.Quits, _view.Drains));
        Assert.Equal(new AdminAction("quitquitquit", "", AdminOutcome.Accepted, new IPEndPoint(IPAddress.Loopback, 40000)), Assert.Single(_view.Audited));
    }

    [Fact]
    public async Task LogLevel_KnownWord_IsSet()
    {
        var context = await AdminAsync("POST", "/log-level?level=debug", request => request.Headers["x-sidecar-admin"] = "");

        Assert.Equal(200, context.Response.StatusCode);
        Assert.Equal(LogSeverity.Debug, _view.LogLevel);
        Assert.Equal("debug", Json(context).GetProperty("logLevel").GetString());
    }

    [Theory]
    [InlineData("/log-level")]
    [InlineData("/log-level?level=")]
    [InlineData("/log-level?level=loud")]
    [InlineData("/log-level?level=debug%0a")]
    [InlineData("/log-level?level=0")]
    public async Task LogLevel_AnyOtherWord_IsRefusedAndNotEchoed(string target)
    {
        var context = await AdminAsync("POST", target, request => request.Headers["x-sidecar-admin"] = "1");

        Assert.Equal(400, context.Response.StatusCode);
        Assert.Equal(LogSeverity.Info, _view.LogLevel);
        Assert.Equal(new AdminAction("log-level", "", AdminOutcome.InvalidParameter, new IPEndPoint(IPAddress.Loopback, 40000)), Assert.Single(_view.Audited));
    }

    [Theory]
    [InlineData(LifeState.Starting, 503, "starting")]
    [InlineData(LifeState.Ready, 200, "ready")]
    [InlineData(LifeState.Draining, 503, "draining")]
    [InlineData(LifeState.Drained, 503, "drained")]
    public async Task Readyz_State_DecidesTheStatusOnBothListeners(LifeState state, int status, string word)
    {
        _view.Health = new HealthView(state, state == LifeState.Ready ? [] : ["because"], ["something is degraded"], ["limit"]);

        foreach (var context in (HttpContext[])[await AdminAsync("GET", "/readyz"), await MetricsAsync("GET", "/readyz")])
        {
            Assert.Equal(status, context.Response.StatusCode);
            Assert.Equal(word, Json(context).GetProperty("status").GetString());
        }

        Assert.Equal(200, (await AdminAsync("GET", "/livez")).Response.StatusCode);
    }

    [Fact]
    public async Task Healthz_Overloaded_Is503WithReasons()
    {
        _view.Health = new HealthView(LifeState.Ready, [], [], ["connections above 90 % for 5 s"]);

        var context = await AdminAsync("GET", "/healthz");

        Assert.Equal(503, context.Response.StatusCode);
        Assert.Equal("degraded", Json(context).GetProperty("status").GetString());
        Assert.Equal("connections above 90 % for 5 s", Json(context).GetProperty("reasons")[0].GetString());
    }

    [Fact]
    public async Task Readyz_Verbose_ShowsConfigurationFilesAndDegradation()
    {
        _view.Health = new HealthView(LifeState.Ready, [], ["running on the last accepted configuration"], []);
        var initial = new InitialConfiguration(TestConfigurations.Accepted("{}", "shadowed"), ConfigurationOrigin.LastGood, "the written one is invalid");
        _view.Configuration = new ConfigurationStore(initial, [], new ManualTimeProvider());
        _view.Configuration.Reject([TestConfigurations.Problem("bad")], [new ConfigFileStatus("local.yaml", IsOptional: true, IsPresent: false)]);

        var context = await AdminAsync("GET", "/readyz?verbose");

        Assert.Equal(200, context.Response.StatusCode);
        var configuration = Json(context).GetProperty("configuration");
        Assert.Equal("last-good", configuration.GetProperty("origin").GetString());
        Assert.Equal("the written one is invalid", configuration.GetProperty("reason").GetString());
        Assert.Equal("ed4d025ad0e8", configuration.GetProperty("revision").GetString());
        Assert.Equal("sidecar.yaml:3: routes.a: bad", configuration.GetProperty("rejected").GetProperty("errors")[0].GetString());
        Assert.False(configuration.GetProperty("files")[0].GetProperty("present").GetBoolean());
        Assert.Equal("running on the last accepted configuration", Json(context).GetProperty("degraded")[0].GetString());
        Assert.Equal("--config-optional local.yaml does not exist: no routes from it", Json(context).GetProperty("conditions")[0].GetString());
    }

    [Fact]
    public async Task MetricsListener_Verbose_TellsNothingMore()
    {
        _view.Configuration = new ConfigurationStore(new InitialConfiguration(TestConfigurations.Accepted(), ConfigurationOrigin.Written, null), [], new ManualTimeProvider());

        var context = await MetricsAsync("GET", "/readyz?verbose");

        Assert.False(Json(context).TryGetProperty("configuration", out _));
    }

    [Theory]
    [InlineData("/config")]
    [InlineData("/routes")]
    [InlineData("/breakers")]
    [InlineData("/stats")]
    [InlineData("/healthz")]
    [InlineData("/drain")]
    [InlineData("/quitquitquit")]
    [InlineData("/log-level?level=debug")]
    public async Task MetricsListener_Controls_DoNotExist(string target)
    {
        var context = await MetricsAsync("POST", target, request => request.Headers["x-sidecar-admin"] = "1");

        Assert.Equal(404, context.Response.StatusCode);
        Assert.Equal(0, _view.Drains);
        Assert.Equal(404, (await MetricsAsync("GET", target)).Response.StatusCode);
    }

    [Fact]
    public async Task Metrics_BothListeners_AreText()
    {
        foreach (var context in (HttpContext[])[await AdminAsync("GET", "/metrics"), await MetricsAsync("GET", "/metrics")])
        {
            Assert.Equal("text/plain; version=0.0.4; charset=utf-8", context.Response.ContentType);
            Assert.Equal("sidecar_up 1\n", Body(context));
        }
    }

    [Fact]
    public async Task Breakers_Open_HasEveryNumber()
    {
        _view.Breakers =
        [
            new BreakerView("orders", "orders", "a", "a", BreakerState.Open, "consecutive", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), 7, 20, 1, 5),
            new BreakerView("all", "all", "", "", BreakerState.HalfOpen, "open-elapsed", TimeSpan.Zero, TimeSpan.Zero, 0, 0, 0, 0),
        ];

        var rows = Json(await AdminAsync("GET", "/breakers")).GetProperty("breakers");

        Assert.Equal("open", rows[0].GetProperty("state").GetString());
        Assert.Equal(3, rows[0].GetProperty("probeInSeconds").GetDouble());
        Assert.Equal(2, rows[0].GetProperty("stateForSeconds").GetDouble());
        Assert.Equal(5, rows[0].GetProperty("consecutiveFailures").GetInt32());
        Assert.Equal(7, rows[0].GetProperty("window").GetProperty("failures").GetInt32());
        Assert.Equal(20, rows[0].GetProperty("window").GetProperty("requests").GetInt32());
        Assert.Equal("half-open", rows[1].GetProperty("state").GetString());
        Assert.False(rows[1].TryGetProperty("probeInSeconds", out _));
    }

    [Fact]
    public async Task Routes_HeaderValues_AreNotShown()
    {
        var match = new MatchConfiguration(null, ["a.example"], "/x/{**rest}", ["GET"], [new HeaderMatchConfiguration("x-api-key", ["s3cret"], "exactHeader", false)], 80);
        var timeouts = new TimeoutPolicy(null, false, null, null, null, null, null);
        _view.Routes = [new RouteConfiguration("x", 0, match, "c", new RoutePolicy(timeouts, null, null), [], new SourceLocation("f.yaml", 7, "routes.x"))];

        var context = await AdminAsync("GET", "/routes");

        Assert.Contains("x-api-key", Body(context), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", Body(context), StringComparison.Ordinal);
        Assert.Equal("f.yaml:7", Json(context).GetProperty("routes")[0].GetProperty("writtenAt").GetString());
    }

    [Fact]
    public async Task Stats_Numbers_ComeFromViewAndRuntime()
    {
        _view.Stats = new StatsView(10, 3, 2, TimeSpan.FromSeconds(5), 4, 6);

        var stats = Json(await AdminAsync("GET", "/stats"));

        Assert.Equal([10, 3, 2, 4, 6], ((string[])["requests", "inFlight", "connections", "lostLogLines", "lostSpans"]).Select(name => stats.GetProperty(name).GetInt64()));
        Assert.True(stats.GetProperty("allocatedBytes").GetInt64() > 0);
        Assert.Equal("ready", stats.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Config_Loaded_IsEffectiveAndHasNoHeaderValue()
    {
        const string Document = """
            {"version":1,"listeners":{"reverse":{"address":"127.0.0.1:8080"}},
            "clusters":{"c":{"destinations":{"a":{"address":"https://10.0.0.7:8443"}},"tls":{"clientCertificate":"/tls/cert.pem","clientKey":"/tls/key.pem"}}},
            "routes":{"x":{"match":{"path":"/x","headers":[{"name":"x-key","values":["s3cret"]}]},"cluster":"c",
            "transforms":[{"RequestHeader":"authorization","Set":"Bearer s3cret"},{"RequestHeader":"x-more","Append":"s3cret"}]}}}
            """;
        var result = ConfigurationLoader.Load([new ConfigurationSource("sidecar.json", Document)], [], ConfigurationEnvironment.Default);
        Assert.Empty(result.Errors);
        _view.Configuration = new ConfigurationStore(new InitialConfiguration(result, ConfigurationOrigin.Written, null), [], new ManualTimeProvider());

        var context = await AdminAsync("GET", "/config");

        Assert.Equal(200, context.Response.StatusCode);
        Assert.DoesNotContain("s3cret", Body(context), StringComparison.Ordinal);
        Assert.Contains("authorization", Body(context), StringComparison.Ordinal);
        Assert.Equal("/tls/key.pem", Json(context).GetProperty("clusters").GetProperty("c").GetProperty("tls").GetProperty("clientKey").GetString());
        Assert.Equal("10s", Json(context).GetProperty("limits").GetProperty("headerTimeout").GetString());
        Assert.Equal($"\"{_view.Configuration.Current.Revision}\"", context.Response.Headers.ETag);
    }

    [Fact]
    public async Task Config_BeforeItIsLoaded_IsUnavailable() => Assert.Equal(503, (await AdminAsync("GET", "/config")).Response.StatusCode);

    private Task<HttpContext> AdminAsync(string method, string target, Action<HttpRequest>? change = null) => SendAsync(_endpoints.HandleAdminAsync, method, target, change);

    private Task<HttpContext> MetricsAsync(string method, string target, Action<HttpRequest>? change = null) => SendAsync(_endpoints.HandleMetricsAsync, method, target, change);

    private static async Task<HttpContext> SendAsync(RequestDelegate handle, string method, string target, Action<HttpRequest>? change)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        context.Request.Method = method;
        context.Request.Host = new HostString("127.0.0.1:15100");
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        context.Connection.RemotePort = 40000;
        context.Response.Body = new MemoryStream();
        change?.Invoke(context.Request);

        await handle(context);
        return context;
    }

    private static string Body(HttpContext context) => System.Text.Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());

    private static JsonElement Json(HttpContext context)
    {
        using var document = JsonDocument.Parse(Body(context));
        return document.RootElement.Clone();
    }
}
