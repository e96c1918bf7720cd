using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class PrometheusTextTests
{
    private static readonly ProxyError[] Errors = Enum.GetValues<ProxyError>();

    private static readonly int[] Statuses = [0, 99, 200, 204, 301, 404, 409, 499, 500, 503, 599, 600, 999];

    [Fact]
    public void Write_NoData_EveryFamilyIsThereAndEmptyOrZero()
    {
        using var rig = new TelemetryRig();

        var page = rig.Scrape();

        Assert.Equal(Instruments.All.Select(PrometheusNames.Metric).Order(), page.Types.Keys.Order());
        Assert.Empty(page.Samples);
    }

    [Theory]
    [InlineData("http.server.request.duration", "http_server_request_duration_seconds")]
    [InlineData("sidecar.added_latency", "sidecar_added_latency_seconds")]
    [InlineData("sidecar.attempts", "sidecar_attempts_total")]
    [InlineData("sidecar.config.revision_age", "sidecar_config_revision_age_seconds")]
    [InlineData("sidecar.inflight", "sidecar_inflight")]
    public void Metric_Name_FollowsPrometheusRules(string name, string expected) =>
        Assert.Equal(expected, PrometheusNames.Metric(Instruments.All.Single(definition => definition.Name == name)));

    [Fact]
    public void Write_AnyTraffic_OutcomesAddUpToAllRequestsAndPercentilesAreOrdered()
    {
        // (route, error, status, milliseconds, attempts, method)
        var requests = Gen.ArrayOf(
            from route in Gen.Choose(0, 3)
            from error in Gen.Elements(Errors)
            from status in Gen.Elements(Statuses)
            from duration in Gen.Choose(0, 70_000)
            from attempts in Gen.Choose(0, 3)
            from grpc in Gen.Choose(-1, 20)
            select (route, error, status, duration, attempts, grpc));
        Prop.ForAll(requests.ToArbitrary(), traffic =>
        {
            using var rig = new TelemetryRig(TelemetryRig.DefaultAccessLog with { LinesPerSecond = 0 });
            foreach (var (route, error, status, duration, attempts, grpc) in traffic)
            {
                var record = rig.Begin(route == 0 ? "" : $"route{route}");
                for (var i = 0; i < attempts; i++)
                {
                    rig.Attempt(record, TimeSpan.FromMilliseconds(duration / (attempts + 1)), status, i % 2 == 0 ? error : ProxyError.None);
                }

                rig.Clock.Advance(TimeSpan.FromMilliseconds(duration / (attempts + 1)));
                record.GrpcStatus = grpc;
                rig.End(record, status, error);
            }

            var page = rig.Scrape();

            Assert.Equal(traffic.Length, page.Sum("http_server_request_duration_seconds_count"));
            Assert.Equal(traffic.Length, page.Sum("sidecar_requests_total"));
            Assert.Equal(traffic.Length, Outcome("success") + Outcome("failure") + Outcome("refused") + Outcome("cancelled"));
            Assert.Equal(Outcome("refused"), page.Sum("sidecar_refused_total"));
            Assert.Equal(traffic.Sum(static request => request.attempts), page.Sum("sidecar_attempts_total"));
            Assert.Equal(traffic.Sum(static request => request.attempts), page.Sum("http_client_request_duration_seconds_count"));
            foreach (var route in page.Samples.Select(static sample => sample.Label("route")).Distinct())
            {
                Assert.Equal(
                    page.Sum("sidecar_requests_total", sample => sample.Label("route") == route),
                    page.Sum("http_server_request_duration_seconds_count", sample => sample.Label("route") == route));
            }

            Assert.True(Percentile(page, 0.5) <= Percentile(page, 0.95) && Percentile(page, 0.95) <= Percentile(page, 0.99));

            double Outcome(string outcome) => page.Sum("sidecar_requests_total", sample => sample.Label("outcome") == outcome);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void Write_RecordedFromManyThreads_NothingIsLost()
    {
        using var rig = new TelemetryRig();
        const int Threads = 4, PerThread = 5_000;

        Parallel.For(0, Threads, thread =>
        {
            for (var i = 0; i < PerThread; i++)
            {
                var record = new RequestRecord { Route = $"r{(thread + i) % 7}", Method = "GET", Status = 200 };
                record.EndTimestamp = i;
                rig.Meter.RequestFinished(record);
            }
        });

        var page = rig.Scrape();
        Assert.Equal(Threads * PerThread, page.Sum("http_server_request_duration_seconds_count"));
        Assert.Equal(Threads * PerThread, page.Sum("sidecar_requests_total"));
        Assert.Equal(7, page.Samples.Count(static sample => sample.Name == "sidecar_requests_total"));
    }

    [Fact]
    public void Write_HostileRequests_AddNoSeries()
    {
        using var rig = new TelemetryRig(TelemetryRig.DefaultAccessLog with { LinesPerSecond = 0 });
        var before = Series(1);

        var after = Series(2_000);

        Assert.Equal(before, after);

        int Series(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var record = rig.Begin("", "");
                record.Method = $"M{i}";
                record.Target = $"/{i}";
                record.Host = $"h{i}";
                rig.End(record, 404, ProxyError.NoRoute);
            }

            return rig.Scrape().Samples.Count;
        }
    }

    [Fact]
    public void Write_MoreCombinationsThanTheCap_GoToOneOverflowSeries()
    {
        using var rig = new TelemetryRig();
        var cap = Instruments.Retries.MaxSeries(2);

        for (var i = 0; i < cap + 100; i++)
        {
            rig.Meter.RetryConsidered(new RequestRecord { Route = $"r{i}" }, RetryDecision.Retried);
        }

        var samples = rig.Scrape().Samples.Where(static sample => sample.Name == "sidecar_retries_total").ToList();
        Assert.Equal(cap + 1, samples.Count);
        Assert.Equal(100, samples.Single(static sample => sample.Label("otel_metric_overflow") == "true").Value);
    }

    [Fact]
    public void Write_IdsWithSpecialCharacters_AreEscaped()
    {
        using var rig = new TelemetryRig();
        const string Id = "a\"b\\c\nd\u00e9";

        rig.Meter.RetryConsidered(new RequestRecord { Route = Id }, RetryDecision.NoTime);

        Assert.Equal(Id, rig.Scrape().Samples.Single().Label("route"));
    }

    [Fact]
    public void Write_Labels_AreThoseOfTheContract()
    {
        using var rig = new TelemetryRig();
        var record = rig.Begin();
        record.Method = "get";
        rig.Attempt(record, TimeSpan.FromMilliseconds(3), 503);
        rig.End(record, 503, ProxyError.RetryLimitExceeded);

        var page = rig.Scrape();

        var server = page.Samples.First(static sample => sample.Name == "http_server_request_duration_seconds_count");
        Assert.Equal(
            "cluster=orders,destination=a,direction=reverse,error_type=503,http_request_method=_OTHER,http_response_status_code=503,route=orders",
            string.Join(',', server.Labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={pair.Value}")));
        Assert.Equal(1, page.Sum("sidecar_requests_total", static sample => sample.Label("outcome") == "failure"));
    }

    [Fact]
    public void RequestFinished_AddedLatency_IsTotalMinusUpstreamAndWaits()
    {
        using var rig = new TelemetryRig();
        var record = rig.Begin();
        rig.Clock.Advance(TimeSpan.FromMicroseconds(70));
        rig.Attempt(record, TimeSpan.FromMilliseconds(40));
        rig.Clock.Advance(TimeSpan.FromMilliseconds(25));
        record.WaitTime = TimeSpan.FromMilliseconds(25);
        rig.End(record);

        var page = rig.Scrape();

        Assert.Equal(0.00007, page.Sum("sidecar_added_latency_seconds_sum"), 6);
        Assert.Equal(0, page.Sum("sidecar_added_latency_seconds_bucket", static sample => sample.Label("le") == "5e-05"));
        Assert.Equal(1, page.Sum("sidecar_added_latency_seconds_bucket", static sample => sample.Label("le") == "0.0001"));
    }

    [Fact]
    public void BreakerChanged_Opens_CountsTransitionAndEjectionOncePerTrip()
    {
        using var rig = new TelemetryRig();
        var opened = new BreakerTransition("orders", "orders", "a", "a", BreakerState.Closed, BreakerState.Open, "consecutive", TimeSpan.FromSeconds(5), 5, 5, "reverse");
        rig.Telemetry.BreakerChanged(opened);
        rig.Telemetry.BreakerChanged(opened with { From = BreakerState.Open, To = BreakerState.HalfOpen, Reason = "open-elapsed" });
        rig.Telemetry.BreakerChanged(opened with { From = BreakerState.HalfOpen, To = BreakerState.Open, Reason = "probe-failed" });

        var page = rig.Scrape();

        Assert.Equal(2, page.Sum("sidecar_breaker_transitions_total", static sample => sample.Label("to") == "open"));
        Assert.Equal(1, page.Sum("sidecar_ejections_total"));
        Assert.Equal(3, rig.Lines(LogEvents.BreakerTransition).Length);
        Assert.Equal("consecutive", rig.Lines(LogEvents.Ejection).Single().GetProperty("reason").GetString());
    }

    [Fact]
    public void RegisterGauges_Values_AreReadAtEachScrapeAndEqualLabelsAddUp()
    {
        using var rig = new TelemetryRig();
        rig.Meter.RegisterGauges(new StubGauges());

        var page = rig.Scrape();

        Assert.Equal(2, page.Sum("sidecar_breaker_state", static sample => sample.Label("state") == "open" && sample.Label("destination") == "dynamic"));
        Assert.Equal(0, page.Sum("sidecar_breaker_state", static sample => sample.Label("state") == "closed"));
        Assert.Equal(7, page.Sum("sidecar_inflight", static sample => sample.Label("route") == "passthrough"));
        Assert.Equal(0xabcdef012345, page.Sum("sidecar_config_hash"));
        Assert.Equal(1.5, page.Sum("sidecar_config_revision_age_seconds"));
        Assert.Equal(12.5, page.Sum("sidecar_retry_budget_available"));
        Assert.Equal(1, page.Sum("sidecar_draining"));
    }

    // The smallest bucket bound that holds the share; 0 with no data.
    private static double Percentile(PrometheusPage page, double share)
    {
        var total = page.Sum("http_server_request_duration_seconds_count");
        return page.Samples.Where(static sample => sample.Name == "http_server_request_duration_seconds_bucket")
            .GroupBy(static sample => sample.Label("le"))
            .Where(group => group.Sum(static sample => sample.Value) >= share * total)
            .Select(static group => group.Key == "+Inf" ? double.PositiveInfinity : double.Parse(group.Key))
            .DefaultIfEmpty(0).Min();
    }

    private sealed class StubGauges : IProxyGauges
    {
        public IEnumerable<InFlightGauge> InFlight => [new("reverse", "", 3), new("reverse", "", 4), new("reverse", "orders", 1)];

        public IEnumerable<RetryBudgetGauge> RetryBudgets => [new("orders", 12.5)];

        public IEnumerable<BreakerGauge> Breakers =>
            [new("reverse", "orders", "orders", "dynamic", BreakerState.Open), new("reverse", "orders", "orders", "dynamic", BreakerState.Open)];

        public IEnumerable<ConnectionGauge> Connections => [new("reverse", 3)];

        public IEnumerable<ConnectionGauge> OpaqueConnections => [new("outbound", 2)];

        public string ConfigHash => "abcdef0123456789";

        public long ConfigRevision => 1;

        public TimeSpan ConfigAge => TimeSpan.FromSeconds(1.5);

        public bool IsConfigRejected => false;

        public bool IsDraining => true;
    }
}
