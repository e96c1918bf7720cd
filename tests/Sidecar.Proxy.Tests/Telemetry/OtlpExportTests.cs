using System.Globalization;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit.Otlp;

namespace Sidecar.Proxy.Tests.Telemetry;

public class OtlpExportTests
{
    private const string Sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string NotSampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("grpc", "none")]
    [InlineData("grpc", "gzip")]
    [InlineData("http/protobuf", "none")]
    [InlineData("http/protobuf", "gzip")]
    public async Task Traces_RetriedRequest_SpansHaveParentsTimesAndEvents(string protocol, string compression)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var rig = new TelemetryRig();
        var export = Start(rig, receiver, protocol, ("OTEL_EXPORTER_OTLP_COMPRESSION", compression), ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k1"));
        var start = UnixNano(rig.Clock.GetUtcNow());

        var record = rig.Begin(traceParent: Sampled);
        rig.Clock.Advance(TimeSpan.FromMilliseconds(1));
        rig.BeginAttempt(record, "a");
        var first = Tracing.UpstreamTraceParent(record);

        // Somebody sets the wall clock: spans must not notice.
        rig.Clock.SetWallClock(rig.Clock.GetUtcNow().AddHours(-3));
        rig.Clock.Advance(TimeSpan.FromMilliseconds(10));
        rig.EndAttempt(record, error: ProxyError.UpstreamClosed);
        rig.Telemetry.RetryConsidered(record, RetryDecision.Retried, TimeSpan.FromMilliseconds(25));
        rig.Clock.Advance(TimeSpan.FromMilliseconds(25));
        rig.BeginAttempt(record, "b");
        var second = Tracing.UpstreamTraceParent(record);
        rig.Clock.Advance(TimeSpan.FromMilliseconds(5));
        rig.EndAttempt(record, 200);
        rig.Clock.Advance(TimeSpan.FromMilliseconds(2));
        rig.End(record);
        Assert.True(await export.ShutdownAsync(Bound));

        var spans = receiver.Spans;
        Assert.Equal(3, spans.Count);
        Assert.All(spans, static span => Assert.Equal("0af7651916cd43dd8448eb211c80319c", span.TraceId));
        var server = spans.Single(static span => span.Kind == OtlpSpan.Server);
        Assert.Equal("b7ad6b7169203331", server.ParentSpanId);
        Assert.Equal(start, server.StartUnixNano);
        Assert.Equal(start + 43_000_000, server.EndUnixNano);
        Assert.Equal("GET orders", server.Name);
        Assert.Equal(200L, server.Attributes["http.response.status_code"]);
        Assert.Equal("/orders/1", server.Attributes["url.path"]);
        Assert.Equal("api.example.com", server.Attributes["server.address"]);
        Assert.Equal(2L, server.Attributes["attempts"]);
        Assert.DoesNotContain("secret", string.Join(' ', server.Attributes.Values), StringComparison.Ordinal);
        var wait = Assert.Single(server.Events);
        Assert.Equal(("wait", 25.0, start + 11_000_000), (wait.Name, wait.Attributes["wait.ms"], wait.UnixNano));
        var attempts = spans.Where(static span => span.Kind == OtlpSpan.Client).OrderBy(static span => span.StartUnixNano).ToList();
        Assert.All(attempts, span => Assert.Equal(server.SpanId, span.ParentSpanId));
        Assert.Equal([start + 1_000_000, start + 36_000_000], attempts.Select(static span => span.StartUnixNano));
        Assert.Equal([start + 11_000_000, start + 41_000_000], attempts.Select(static span => span.EndUnixNano));
        Assert.Equal($"00-0af7651916cd43dd8448eb211c80319c-{attempts[0].SpanId}-01", first);
        Assert.Equal($"00-0af7651916cd43dd8448eb211c80319c-{attempts[1].SpanId}-01", second);
        Assert.Equal("upstream_closed", attempts[0].Attributes["error.type"]);
        Assert.Equal(2, attempts[0].StatusCode);
        Assert.Equal(1L, attempts[1].Attributes["http.request.resend_count"]);
        Assert.Equal("sidecar-proxy", server.Resource["service.name"]);
        Assert.Equal("k1", receiver.Headers[0]["api-key"]);
        Assert.Equal(3, export.ExportedSpans);
        Assert.Equal(0, export.LostSpans);
    }

    [Fact]
    public async Task Traces_Unsampled_NothingIsMadeAndHeadersGoOnAsTheyCame()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var rig = new TelemetryRig();
        var export = Start(rig, receiver);

        var decided = rig.Begin(traceParent: NotSampled);
        rig.Attempt(decided, TimeSpan.FromMilliseconds(1), error: ProxyError.UpstreamClosed);
        Assert.Same(NotSampled, Tracing.UpstreamTraceParent(decided));
        rig.End(decided, 502, ProxyError.UpstreamClosed);
        var without = rig.Begin();
        rig.Attempt(without, TimeSpan.FromMilliseconds(1));
        Assert.Null(Tracing.UpstreamTraceParent(without));
        rig.End(without);
        await export.ShutdownAsync(Bound);

        Assert.Empty(receiver.Spans);
    }

    [Fact]
    public async Task Traces_UndecidedRequestFails_IsExportedAfterwardsButNotEveryOne()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var rig = new TelemetryRig();
        var export = Start(rig, receiver);
        for (var i = 0; i < 100; i++)
        {
            var record = rig.Begin();
            rig.BeginAttempt(record);
            rig.EndAttempt(record, error: ProxyError.ConnectFailed);
            rig.End(record, 502, ProxyError.ConnectFailed);
        }

        await export.ShutdownAsync(Bound);

        var servers = receiver.Spans.Where(static span => span.Kind == OtlpSpan.Server).ToList();
        Assert.Equal(10, servers.Count);
        Assert.Equal(10, servers.Select(static span => span.TraceId).Distinct().Count());
        Assert.All(servers, static span => Assert.Equal("", span.ParentSpanId));
        Assert.All(servers, span => Assert.Single(receiver.Spans, other => other.ParentSpanId == span.SpanId && other.TraceId == span.TraceId));
        Assert.Contains(rig.Lines(LogEvents.Request), line => line.TryGetProperty("traceId", out var id) && id.GetString() == servers[0].TraceId);
    }

    [Theory]
    [InlineData(null, null, 1.0, "", true)]
    [InlineData(null, null, 0.0, "", false)]
    [InlineData(null, null, 0.0, Sampled, true)]
    [InlineData(null, null, 1.0, NotSampled, false)]
    [InlineData("always_on", null, 0.0, NotSampled, true)]
    [InlineData("always_off", null, 1.0, Sampled, false)]
    [InlineData("traceidratio", "0", 1.0, Sampled, false)]
    [InlineData("traceidratio", "1", 0.0, "", true)]
    [InlineData("parentbased_always_on", null, 0.0, "", true)]
    [InlineData("parentbased_always_off", null, 1.0, Sampled, true)]
    [InlineData("parentbased_traceidratio", "1", 0.0, NotSampled, false)]
    [InlineData("no-such-sampler", null, 1.0, "", true)]
    public async Task Traces_Sampler_FollowsTheStandardVariables(string? sampler, string? argument, double ratio, string parent, bool isSampled)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var variables = new Dictionary<string, string?> { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = argument };
        using var rig = new TelemetryRig(environment: variables.GetValueOrDefault, traceRatio: ratio);
        var export = Start(rig, receiver);

        rig.End(rig.Begin(traceParent: parent));

        await export.ShutdownAsync(Bound);
        Assert.Equal(isSampled ? 1 : 0, receiver.Spans.Count);
        Assert.Equal(sampler == "no-such-sampler" ? 1 : 0, rig.Lines(LogEvents.OtlpSettingIgnored).Length);
    }

    [Fact]
    public async Task Traces_CallerSamplesEverything_IsFollowedOnlySoFar()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var rig = new TelemetryRig();
        var export = Start(rig, receiver, "grpc", ("OTEL_BSP_MAX_QUEUE_SIZE", "5000"));

        var traced = 0;
        for (var i = 0; i < 1500; i++)
        {
            var record = rig.Begin(traceParent: Sampled);
            traced += record.Span is null ? 0 : 1;
            Assert.NotNull(Tracing.UpstreamTraceParent(record));
            rig.End(record);
        }

        await export.ShutdownAsync(Bound);
        Assert.Equal(1000, traced);
        Assert.Equal(500, rig.Scrape().Sum("sidecar_telemetry_lost_total", static sample => sample.Label("kind") == "span"));
    }

    [Fact]
    public async Task Metrics_Exported_AreWhatPrometheusSays()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var rig = new TelemetryRig();
        var export = Start(rig, receiver, "http/protobuf", ("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=p%20d,team=x"), ("OTEL_SERVICE_NAME", "orders"));
        for (var i = 0; i < 50; i++)
        {
            var record = rig.Begin(i % 3 == 0 ? "" : "orders");
            rig.Attempt(record, TimeSpan.FromMilliseconds(i * i), i % 5 == 0 ? 503 : 200);
            rig.Telemetry.RetryConsidered(record, RetryDecision.BudgetExhausted, default);
            rig.End(record, i % 5 == 0 ? 503 : 200, i % 7 == 0 ? ProxyError.CircuitOpen : ProxyError.None);
        }

        rig.Meter.ConfigReloaded(ReloadResult.Rejected);
        Assert.True(await export.ShutdownAsync(Bound));

        var page = rig.Scrape();
        var metrics = receiver.Metrics;
        Assert.NotEmpty(metrics);
        foreach (var metric in metrics)
        {
            var definition = Instruments.All.Single(one => one.Name == metric.Name);
            Assert.Equal((definition.Unit, definition.Description), (metric.Unit, metric.Description));
            Assert.Equal(definition.Kind switch { InstrumentKind.Counter => "sum", InstrumentKind.Histogram => "histogram", _ => "gauge" }, metric.Kind);
            var name = PrometheusNames.Metric(definition);
            foreach (var point in metric.Points)
            {
                AssertSame(page, name, metric, point);
            }

            var series = page.Samples.Count(sample => sample.Name == (metric.Kind == "histogram" ? name + "_count" : name));
            Assert.Equal(series, metric.Points.Count);
        }

        Assert.Equal(
            page.Samples.Select(static sample => sample.Name).Select(static name => name.Replace("_bucket", "", StringComparison.Ordinal).Replace("_sum", "", StringComparison.Ordinal).Replace("_count", "", StringComparison.Ordinal)).Distinct().Count(),
            metrics.Count);
    }

    [Fact]
    public async Task Logs_Asked_ArriveAsRecordsWithTheLinesFields()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var rig = new TelemetryRig();
        var export = Start(rig, receiver, "grpc", ("OTEL_LOGS_EXPORTER", "otlp"), ("OTEL_SERVICE_NAME", "orders"));
        var record = rig.Begin(traceParent: Sampled);

        rig.End(record, 502, ProxyError.ConnectFailed);

        Assert.True(await export.ShutdownAsync(Bound));
        var log = receiver.Logs.Single(static one => one.Body == "request");
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", log.TraceId);
        Assert.Equal(receiver.Spans.Single().SpanId, log.SpanId);
        Assert.Equal("UF", log.Attributes["flags"]);
        Assert.Equal(502L, log.Attributes["status"]);
        Assert.Equal(13, log.Severity);
        Assert.Equal("orders", log.Resource["service.name"]);
        Assert.Equal("request", log.EventName);
    }

    [Fact]
    public async Task Export_CollectorUnreachable_CostsNoRequestAndIsCounted()
    {
        using var rig = new TelemetryRig(traceRatio: 1);
        var variables = new Dictionary<string, string?>
        {
            // Nothing listens on port 1; the queue is smaller than the traffic.
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", ["OTEL_BSP_MAX_QUEUE_SIZE"] = "20", ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "500",
        };
        var export = OtlpExport.Start(OtlpSettings.Read(variables.GetValueOrDefault), rig.Meter, rig.Tracing, rig.Events, rig.Clock, "1")!;
        for (var i = 0; i < 200; i++)
        {
            rig.End(rig.Begin());
        }

        Assert.False(await export.ShutdownAsync(Bound));

        Assert.Equal(0, export.ExportedSpans);
        Assert.Equal(200, export.LostSpans);
        Assert.Equal(200, rig.Scrape().Sum("sidecar_telemetry_lost_total", static sample => sample.Label("kind") == "span"));
        Assert.Equal(200, rig.Scrape().Sum("sidecar_requests_total"));
        Assert.Contains(rig.Lines(LogEvents.OtlpFailed), static line => line.GetProperty("signal").GetString() == "traces");
    }

    [Fact]
    public async Task Export_CollectorHangs_RequestsGoOnAndShutdownComesBack()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isReached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.BeforeAnswer = () =>
        {
            isReached.TrySetResult();
            return answer.Task;
        };
        using var rig = new TelemetryRig(traceRatio: 1);
        var export = Start(
            rig, receiver, "grpc", ("OTEL_METRICS_EXPORTER", "none"), ("OTEL_BSP_MAX_QUEUE_SIZE", "50"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"));
        for (var i = 0; i < 20; i++)
        {
            rig.End(rig.Begin());
        }

        await isReached.Task.WaitAsync(Bound);
        for (var i = 0; i < 480; i++)
        {
            rig.End(rig.Begin());
        }

        Assert.Equal(450, export.LostSpans);

        // The bound is by the clock that is injected: it passes while the collector still hangs.
        var shutdown = export.ShutdownAsync(TimeSpan.FromSeconds(1));
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await shutdown.WaitAsync(Bound));
        Assert.Equal(500, export.LostSpans + export.ExportedSpans);
        answer.SetResult();
    }

    [Fact]
    public async Task Export_CollectorRefusesThenTakes_SaysSoOnceEach()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        receiver.IsRefusing = true;
        using var rig = new TelemetryRig(traceRatio: 1);
        var export = Start(rig, receiver, "http/protobuf", ("OTEL_METRICS_EXPORTER", "none"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"), ("OTEL_BSP_SCHEDULE_DELAY", "1"));
        rig.End(rig.Begin());
        rig.End(rig.Begin());
        Assert.True(SpinWait.SpinUntil(() => export.LostSpans == 2, Bound));
        receiver.IsRefusing = false;
        rig.End(rig.Begin());

        await receiver.WaitUntilAsync(static one => one.Spans.Count == 1);

        await export.ShutdownAsync(Bound);
        Assert.Single(rig.Lines(LogEvents.OtlpFailed));
        Assert.Single(rig.Lines(LogEvents.OtlpRecovered));
        Assert.Equal((1, 2), (export.ExportedSpans, export.LostSpans));
    }

    private static OtlpExport Start(TelemetryRig rig, OtlpReceiver receiver, string protocol = "grpc", params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? receiver.GrpcEndpoint : receiver.HttpEndpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
        };
        foreach (var (name, value) in more)
        {
            variables[name] = value;
        }

        var export = OtlpExport.Start(OtlpSettings.Read(variables.GetValueOrDefault), rig.Meter, rig.Tracing, rig.Events, rig.Clock, "1.2.3");
        Assert.NotNull(export);
        return export;
    }

    private static void AssertSame(PrometheusPage page, string name, OtlpMetric metric, OtlpPoint point)
    {
        var labels = point.Attributes.ToDictionary(
            static pair => PrometheusNames.Label(pair.Key), static pair => Convert.ToString(pair.Value, CultureInfo.InvariantCulture)!);
        if (metric.Kind != "histogram")
        {
            Assert.Equal(Value(name, null), point.Value);
            return;
        }

        Assert.Equal(Value(name + "_count", null), point.Count);
        Assert.Equal(Value(name + "_sum", null), point.Sum, 6);
        double cumulative = 0;
        for (var i = 0; i < point.Bounds.Count; i++)
        {
            cumulative += point.Buckets[i];
            Assert.Equal(Value(name + "_bucket", point.Bounds[i].ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant()), cumulative);
        }

        double Value(string sampleName, string? bound) =>
            page.Samples.Single(sample => sample.Name == sampleName && sample.Labels.Count == labels.Count + (bound is null ? 0 : 1)
                && labels.All(pair => sample.Label(pair.Key) == pair.Value) && (bound is null || sample.Label("le") == bound)).Value;
    }

    private static ulong UnixNano(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
