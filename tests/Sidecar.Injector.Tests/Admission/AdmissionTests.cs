using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Contract;
using Sidecar.Injector.Admission;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Tests.Injection;
using Sidecar.Injector.Tests.Serving;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Injector.Tests.Admission;

public sealed class AdmissionTests : IAsyncLifetime
{
    private const string Pod = """{"metadata":{"generateName":"web-"},"spec":{"containers":[{"name":"web","image":"web:1"}]}}""";

    private readonly HttpClient _client = TestServer.Client();
    private TestServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _server.Namespaces["shop"] = Facts("enabled");
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Inject_Pod_IsAllowedWithAPatchThatApplies()
    {
        var response = await ReviewAsync("inject", Review(Pod));

        Assert.Equal("u-1", PodView.Text(response["uid"]));
        Assert.True(PodView.IsTrue(response["allowed"]));
        Assert.Equal("JSONPatch", PodView.Text(response["patchType"]));
        var after = Rfc6902.Apply(JsonNode.Parse(Pod)!, Convert.FromBase64String(PodView.Text(response["patch"])!));
        Assert.Equal(2, after["spec"]!["initContainers"]!.AsArray().Count);
        Assert.False(response.ContainsKey("warnings"));
        Assert.Contains("sidecar_injector_decisions_total{decision=\"injected\",reason=\"none\"} 1\n", await MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inject_DryRun_IsTheSameAndNotCounted()
    {
        var review = Review(Pod);
        var dryRun = (JsonObject)review.DeepClone();
        dryRun["request"]!["dryRun"] = true;

        Assert.Equal((await ReviewAsync("inject", review)).ToJsonString(), (await ReviewAsync("inject", dryRun)).ToJsonString());
        Assert.Contains("{decision=\"injected\",reason=\"none\"} 1\n", await MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inject_Skipped_IsAllowedWithAWarningALogLineAndAMetric()
    {
        var response = await ReviewAsync("inject", Review(Pod.Replace("\"spec\":{", "\"spec\":{\"hostNetwork\":true,", StringComparison.Ordinal)));

        Assert.True(PodView.IsTrue(response["allowed"]));
        Assert.False(response.ContainsKey("patch"));
        Assert.Contains("host-network", PodView.Text(response["warnings"]![0]), StringComparison.Ordinal);
        Assert.Contains("{decision=\"skipped\",reason=\"host-network\"} 1\n", await MetricsAsync(), StringComparison.Ordinal);
        var line = JsonNode.Parse((await _server.LogAsync()).Split('\n').Single(static line => line.Contains("pod-skipped", StringComparison.Ordinal)))!;
        Assert.Equal("host-network", PodView.Text(line["reason"]));
        Assert.Equal("web-", PodView.Text(line["pod"]));
    }

    [Fact]
    public async Task Inject_UnknownNamespace_IsInjectedWithAWarning()
    {
        var response = await ReviewAsync("inject", Review(Pod, "new"));

        Assert.True(response.ContainsKey("patch"));
        Assert.Contains("namespace-unknown", PodView.Text(response["warnings"]![0]), StringComparison.Ordinal);
        Assert.Contains("sidecar_injector_namespace_unknown_total 1\n", await MetricsAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Deployment", "CREATE")]
    [InlineData("Pod", "UPDATE")]
    public async Task Inject_SomethingElse_IsAllowedUnchanged(string kind, string operation)
    {
        var review = Review(Pod);
        review["request"]!["kind"]!["kind"] = kind;
        review["request"]!["operation"] = operation;

        var response = await ReviewAsync("inject", review);

        Assert.True(PodView.IsTrue(response["allowed"]));
        Assert.False(response.ContainsKey("patch"));
    }

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "no AdmissionReview")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u"}}""", "admission.k8s.io/v1")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}""", "no request")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}""", "no uid")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"a","uid":"b"}}""", "not JSON")]
    public async Task Inject_NoReview_Is400WithTheReason(string body, string reason)
    {
        using var response = await PostAsync("inject", Encoding.UTF8.GetBytes(body));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Inject_BodyTooLarge_Is413(bool isChunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Secure, "/inject")) { Content = new ByteArrayContent(new byte[AdmissionEndpoint.MaxBodyBytes + 1]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = isChunked;

        try
        {
            using var response = await _client.SendAsync(request);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        }
        catch (HttpRequestException e) when (e.InnerException is IOException or SocketException)
        {
            // The server may close before all of it was sent; it has said 413 then, and counted it.
        }

        await Patience.Eventually(async () => (await MetricsAsync()).Contains("status=\"413\"} 1\n", StringComparison.Ordinal), "413 is counted");
    }

    [Fact]
    public async Task Inject_OtherContentType_Is415()
    {
        using var response = await _client.PostAsync(new Uri(_server.Secure, "/inject"), new StringContent("{}", Encoding.UTF8, "text/plain"));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task Inject_Get_Is405() => Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _client.GetAsync(new Uri(_server.Secure, "/inject"))).StatusCode);

    [Theory]
    [InlineData("/inject")]
    [InlineData("/validate")]
    [InlineData("/")]
    public async Task PlainListener_Webhooks_AreNotThere(string path) =>
        Assert.Equal(HttpStatusCode.NotFound, (await _client.PostAsync(new Uri(_server.Plain, path), new StringContent("{}", Encoding.UTF8, "application/json"))).StatusCode);

    [Fact]
    public async Task Inject_DecisionThrows_Is500AndLogged()
    {
        _server.Deciding = static () => throw new InvalidOperationException("defect");

        using var response = await PostAsync("inject", Encoding.UTF8.GetBytes(Review(Pod).ToJsonString()));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("internal-error", await _server.LogAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_ConfigMap_IsRefusedWithTheValidatorsMessage()
    {
        _server.Refuse = static text => text == "version: 2" ? "sidecar.yaml:1: version: 2" : null;

        var bad = await ReviewAsync("validate", ConfigMap("version: 2"));
        var good = await ReviewAsync("validate", ConfigMap("version: 1"));

        Assert.False(PodView.IsTrue(bad["allowed"]));
        Assert.Equal("sidecar.yaml:1: version: 2", PodView.Text(bad["status"]!["message"]));
        Assert.True(PodView.IsTrue(good["allowed"]));
        Assert.Contains("looks odd", PodView.Text(good["warnings"]![0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readyz_WithoutCertificateOrBackend_SaysWhy()
    {
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(new Uri(_server.Plain, "/readyz"))).StatusCode);
        (_server.Current, var certificate) = (null, _server.Current);
        _server.Reasons.Add("namespaces are not listed yet");

        using var response = await _client.GetAsync(new Uri(_server.Plain, "/readyz"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("namespaces are not listed yet\nthere is no certificate yet\n", await response.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(new Uri(_server.Plain, "/livez"))).StatusCode);
        certificate!.Dispose();
    }

    [Fact]
    public async Task Certificate_Replaced_IsServedToTheNextConnection()
    {
        var old = _server.Current!;
        using (await _client.GetAsync(new Uri(_server.Secure, "/readyz")))
        {
        }

        _server.Current = TestServer.MakeCertificate();
        string? seen = null;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                {
                    seen = certificate?.GetCertHashString();
                    return certificate?.Subject == "CN=injector";
                },
            },
        });
        using var response = await client.GetAsync(new Uri(_server.Secure, "/readyz"));

        Assert.Equal(_server.Current.GetCertHashString(), seen);
        Assert.NotEqual(old.GetCertHashString(), seen);
        old.Dispose();
    }

    [Fact]
    public async Task Stop_RequestInFlight_IsAnsweredAfterReadinessEnded()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        _server.Deciding = () =>
        {
            entered.Set();
            release.Wait();
        };
        var review = Task.Run(() => ReviewAsync("inject", Review(Pod)));
        await Patience.Await(Task.Run(entered.Wait), "the review is being decided");

        var stopping = _server.Server.StopAsync(TimeSpan.Zero, CancellationToken.None);
        release.Set();

        Assert.True((await Patience.Await(review, "the review is answered")).ContainsKey("patch"));
        await Patience.Await(stopping, "the server stops");
    }

    [Fact]
    public async Task Stop_DuringItsDelay_IsNotReadyAndStillAnswers()
    {
        var time = new ManualTimeProvider();
        await using var server = await TestServer.StartAsync(time);
        server.Namespaces["shop"] = Facts("enabled");

        var stopping = server.Server.StopAsync(TimeSpan.FromSeconds(5), CancellationToken.None);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _client.GetAsync(new Uri(server.Plain, "/readyz"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "inject", Encoding.UTF8.GetBytes(Review(Pod).ToJsonString()))).StatusCode);
        Assert.False(stopping.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(5));
        await Patience.Await(stopping, "the server stops");
    }

    [Fact]
    public async Task Stop_DuringItsDelay_EndsTheConnectionsThatAreUsed()
    {
        var serving = await _client.PostAsync(new Uri(_server.Secure, "/inject"), null);
        using var told = new CancellationTokenSource();
        var stopping = _server.Server.StopAsync(TimeSpan.FromMinutes(1), told.Token);

        var ending = await _client.PostAsync(new Uri(_server.Secure, "/inject"), null);

        Assert.NotEqual(true, serving.Headers.ConnectionClose);
        Assert.True(ending.Headers.ConnectionClose);
        await told.CancelAsync();
        await stopping;
    }

    [Fact]
    public async Task Inject_AThousandReviews_AreAllAnswered()
    {
        var body = Encoding.UTF8.GetBytes(Review(Pod).ToJsonString());
        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
        {
            using var response = await PostAsync("inject", body);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        });

        Assert.Contains("{decision=\"injected\",reason=\"none\"} 1000\n", await MetricsAsync(), StringComparison.Ordinal);
        Assert.Contains("sidecar_injector_reviews_in_flight 0\n", await MetricsAsync(), StringComparison.Ordinal);
    }

    private static NamespaceFacts Facts(string label) => new(new Dictionary<string, string> { [Annotations.Inject] = label }, new Dictionary<string, string>());

    private static JsonObject Review(string pod, string namespaceName = "shop") => JsonNode.Parse($$$"""
        {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1","kind":{"group":"","version":"v1","kind":"Pod"},
         "namespace":"{{{namespaceName}}}","operation":"CREATE","dryRun":false,"object":{{{pod}}}}}
        """)!.AsObject();

    private static JsonObject ConfigMap(string document)
    {
        var review = Review($$$"""{"metadata":{"name":"sidecar-policies"},"data":{"sidecar.yaml":"{{{document}}}"}}""");
        review["request"]!["kind"]!["kind"] = "ConfigMap";
        return review;
    }

    private Task<HttpResponseMessage> PostAsync(string webhook, byte[] body) => PostAsync(_server, webhook, body);

    private async Task<HttpResponseMessage> PostAsync(TestServer server, string webhook, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await _client.PostAsync(new Uri(server.Secure, $"/{webhook}?timeout=5s"), content);
    }

    private async Task<JsonObject> ReviewAsync(string webhook, JsonObject review)
    {
        using var response = await PostAsync(webhook, Encoding.UTF8.GetBytes(review.ToJsonString()));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        Assert.Equal("admission.k8s.io/v1", PodView.Text(answer["apiVersion"]));
        Assert.Equal("AdmissionReview", PodView.Text(answer["kind"]));
        return (JsonObject)answer["response"]!.DeepClone();
    }

    private Task<string> MetricsAsync() => _client.GetStringAsync(new Uri(_server.Plain, "/metrics"));
}
