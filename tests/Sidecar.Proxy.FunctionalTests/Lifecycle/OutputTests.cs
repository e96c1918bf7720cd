using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sidecar.TestKit.Otlp;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>Whatever becomes of the output or the collector, no request notices. Always as a process, by /bin/sh.</summary>
public abstract class OutputTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyTheory]
    [InlineData("> /dev/full")]
    [InlineData(">&-")]
    [InlineData("> /dev/full 2> /dev/full")]
    public async Task StandardOutput_FullOrClosed_NeitherBlocksNorKills(string redirection)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("served")));
        var (reverse, metrics, process) = await StartByShellAsync(upstream.Address, redirection);
        using var client = RawClient.Connect(reverse);

        for (var i = 0; i < 500; i++)
        {
            await client.SendAsync(Request("GET", "/"));
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        await Patience.Eventually(async () => await LostLinesAsync(metrics) > 0, "lost lines are counted");
        Assert.Equal(0, await EndAsync(process));
    }

    [ProxyFact]
    public async Task StandardOutput_Blocked_NeverBlocksARequest()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("served")));

        // Nobody reads the pipe: after 64 KiB every write to it blocks.
        var (reverse, metrics, process) = await StartByShellAsync(upstream.Address, "");
        using var client = RawClient.Connect(reverse);
        var lost = 0.0;
        for (var i = 0; i < 20_000 && lost == 0; i++)
        {
            await client.SendAsync(Request("GET", "/"));
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
            lost = i % 500 == 499 ? await LostLinesAsync(metrics) : 0;
        }

        Assert.NotEqual(0, lost);
        Assert.Equal(0, await EndAsync(process));
    }

    [ProxyTheory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Collector_Unreachable_CostsNoRequestAnythingAndIsCounted(string protocol)
    {
        using var closed = new ClosedPort();
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("served")));
        var proxy = await StartProcessAsync(new ProxyStart(TestDocument.To(upstream.Address).ToString().Replace("logLevel: debug", "logLevel: debug, traceRatio: 1", StringComparison.Ordinal))
        {
            Environment = new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = closed.Address,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            },
        });

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(200, (await proxy.GetAsync()).Status);
        }

        await proxy.WaitForMetricAsync(1, "sidecar_telemetry_lost_total", ("kind", "span"));
        proxy.Signal(TestSignal.Interrupt);
        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
    }

    [ProxyTheory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Collector_Reachable_GetsMetricsAndTheSpansOfARetriedRequest(string protocol)
    {
        await using var collector = await OtlpReceiver.StartAsync();
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503), () => Answer.Ok("served")));
        var document = TestDocument.To(upstream.Address, "retry: { retryOn: [gateway-error] }").ToString();
        var proxy = await StartProcessAsync(new ProxyStart(document.Replace("logLevel: debug", "logLevel: debug, traceRatio: 1", StringComparison.Ordinal))
        {
            Environment = new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? collector.GrpcEndpoint : collector.HttpEndpoint,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            },
        });

        Assert.Equal(200, (await proxy.GetAsync()).Status);
        await collector.WaitUntilAsync(seen => seen.Spans.Count >= 3 && seen.Metrics.Any(metric => metric.Name == "http.server.request.duration"));

        var request = Assert.Single(collector.Spans, span => span.ParentSpanId.Length == 0);
        var attempts = collector.Spans.Where(span => span.ParentSpanId == request.SpanId).ToList();
        Assert.Equal(2, attempts.Count);
        Assert.All(attempts, attempt => Assert.Equal(request.TraceId, attempt.TraceId));
        Assert.Equal(2, upstream.Requests.Count(received => received.Header("traceparent")?.Contains(request.TraceId, StringComparison.Ordinal) == true));
        proxy.Signal(TestSignal.Interrupt);
        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
    }

    [ProxyFact]
    public async Task Output_OnceAccepted_IsOnlyJsonLines()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartProcessAsync(new ProxyStart(TestDocument.To(upstream.Address).ToString()));
        await proxy.SendAsync("garbage\r\n\r\n");
        await proxy.GetAsync("/?\"}%0a{\"level\":\"x", "x-request-id: \"}{", "user-agent: \u001b[31m");

        proxy.Signal(TestSignal.Terminate);
        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));

        Assert.Empty(proxy.Logs.NotJson);
        Assert.All(proxy.Logs.Lines, line => Assert.NotEmpty(line.Event()));
    }

    [ProxyFact]
    public async Task AccessLine_OfARequest_HasThePromisedFields()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503), () => Answer.Ok("12345")));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: { retryOn: [gateway-error] }"));

        await proxy.SendAsync(RequestWithBody("GET", "/orders?secret=1", "abc", "x-request-id: line-1", "authorization: Bearer hidden", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));

        var line = await proxy.Logs.WaitForAsync(line => line.Text("requestId") == "line-1", "the access line");
        Assert.Equal(("app", "app", "a"), (line.Text("route"), line.Text("cluster"), line.Text("destination")));
        Assert.Equal((2, 200, 3, 5), ((int)line.Number("attempts"), (int)line.Number("status"), (int)line.Number("requestBytes"), (int)line.Number("responseBytes")));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", line.Text("traceId"));
        Assert.All(["durationMs", "proxyMs", "upstreamMs", "waitMs"], member => Assert.True(line.Number(member) >= 0, member));
        Assert.DoesNotContain("hidden", proxy.Logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", proxy.Logs.Text, StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task Metrics_AccountForEveryRequest()
    {
        var upstream = Own(ScriptedUpstream.Answering(request => request.Target switch
        {
            "/fail" => Answer.Status(500),
            "/gone" => Answer.Never,
            _ => Answer.Ok(),
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address, "retry: off") with { Match = "path: \"/{kind}\"" });
        for (var i = 0; i < 5; i++)
        {
            await proxy.GetAsync("/ok");
            await proxy.GetAsync("/fail");
            await proxy.GetAsync("/no/route");
        }

        using (var client = proxy.Connect())
        {
            await client.SendAsync(Request("GET", "/gone"));
            await upstream.WaitForRequestsAsync(11);
            client.Reset();
        }

        await proxy.WaitForMetricAsync(16, "sidecar_requests_total");
        var metrics = await proxy.MetricsAsync();
        Assert.Equal((5, 5, 5, 1), (Of("success"), Of("failure"), Of("refused"), Of("cancelled")));
        Assert.Equal(16, metrics.Sum("http_server_request_duration_seconds_count"));
        Assert.Equal(11, metrics.Sum("sidecar_attempts_total"));
        Assert.Equal(0, metrics.Sum("sidecar_inflight"));

        double Of(string outcome) => metrics.Sum("sidecar_requests_total", ("outcome", outcome));
    }

    [ProxyFact]
    public async Task Metrics_LabelsComeFromTheConfigurationOnly()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address));
        await proxy.GetAsync("/warm-up");
        await proxy.WaitForMetricAsync(1, "sidecar_requests_total");
        var before = (await proxy.MetricsAsync()).Samples.Count;

        for (var i = 0; i < 50; i++)
        {
            await proxy.GetAsync($"/path-{i}", $"host: host-{i}.test", $"x-request-id: id-{i}");
        }

        await proxy.WaitForMetricAsync(51, "sidecar_requests_total");
        Assert.Equal(before, (await proxy.MetricsAsync()).Samples.Count);
    }

    private static async Task<double> LostLinesAsync(IPEndPoint metrics) =>
        PrometheusText.Parse((await RawClient.ExchangeAsync(metrics, Request("GET", "/metrics"))).BodyText).Sum("sidecar_telemetry_lost_total", ("kind", "log"));

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task<int> EndAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await Patience.Await(process.WaitForExitAsync(), "the proxy ends");
        return process.ExitCode;
    }

    // Nothing can be read from its output, so the ports are chosen here.
    private async Task<(IPEndPoint Reverse, IPEndPoint Metrics, Process Process)> StartByShellAsync(string upstream, string redirection)
    {
        var (reverse, metrics) = (new IPEndPoint(IPAddress.Loopback, FreePort()), new IPEndPoint(IPAddress.Loopback, FreePort()));
        var document = TestDocument.To(upstream).ToString()
            .Replace("reverse: { address: \"127.0.0.1:0\" }", $$"""reverse: { address: "{{reverse}}" }""", StringComparison.Ordinal)
            .Replace("metrics: { address: \"127.0.0.1:0\" }", $$"""metrics: { address: "{{metrics}}" }""", StringComparison.Ordinal);
        var file = await WriteAsync(document);
        var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec \"$0\" run --config \"$1\" {redirection}", ProxyExecutable.PathOf(Kind), file]) { RedirectStandardOutput = true })!;
        Own(new KilledProcess(process));
        await Patience.Eventually(
            async () =>
            {
                try
                {
                    return (await RawClient.ExchangeAsync(metrics, Request("GET", "/readyz"))).Status == 200;
                }
                catch (SocketException)
                {
                    return process.HasExited ? throw new InvalidOperationException($"It ended with {process.ExitCode}.") : false;
                }
            },
            "the proxy is ready");
        return (reverse, metrics, process);
    }

    private sealed class KilledProcess(Process process) : IDisposable
    {
        public void Dispose()
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }

            process.Dispose();
        }
    }
}

/// <summary>The build on the shared runtime.</summary>
public sealed class OutputManaged() : OutputTests(ProxyKind.Managed);

/// <summary>The binary.</summary>
public sealed class OutputNative() : OutputTests(ProxyKind.Native), INativeSuite;
