using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class AccessLogTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(3);

    [Fact]
    public void Write_Golden_IsTheLineAsDocumented()
    {
        using var rig = new TelemetryRig();
        var record = rig.Begin(traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
        rig.Clock.Advance(TimeSpan.FromMicroseconds(150));
        rig.Attempt(record, TimeSpan.FromMilliseconds(12), error: ProxyError.ConnectFailed, destination: "a");
        rig.Clock.Advance(TimeSpan.FromMilliseconds(20));
        record.WaitTime = TimeSpan.FromMilliseconds(20);
        rig.Attempt(record, TimeSpan.FromMilliseconds(30), error: ProxyError.ConnectFailed, destination: "b");
        record.Flags.Add(ProxyError.ConnectFailed);
        record.Detail = "connection refused";
        record.HeadersTime = TimeSpan.FromMilliseconds(62);
        record.RequestBytes = 10;
        record.ResponseBytes = 200;

        rig.End(record, 502, ProxyError.RetryLimitExceeded);

        rig.Lines();
        Assert.Equal(
            """{"ts":"2026-01-02T03:04:05.740Z","level":"warn","event":"request","direction":"reverse","route":"orders","cluster":"orders","destination":"b","method":"GET","host":"api.example.com:8080","target":"/orders/1?redacted","protocol":"http/1.1","status":502,"flags":"URX,UF","detail":"connection refused","attempts":2,"durationMs":62.150,"proxyMs":0.150,"upstreamMs":42.000,"waitMs":20.000,"headersMs":62.000,"requestBytes":10,"responseBytes":200,"requestId":"r-1","traceId":"0af7651916cd43dd8448eb211c80319c"}""",
            rig.Stdout.Lines.Single());
    }

    [Theory]
    [InlineData(ProxyError.ConnectFailed, "warn")]
    [InlineData(ProxyError.CircuitOpen, "info")]
    [InlineData(ProxyError.InternalDefect, "error")]
    [InlineData(ProxyError.Loop, "error")]
    public void Write_AnyFlag_AlwaysWithTheLevelOfItsRow(ProxyError error, string level)
    {
        using var rig = new TelemetryRig();

        rig.End(rig.Begin(), 503, error);

        Assert.Equal(level, rig.Lines(LogEvents.Request).Single().GetProperty("level").GetString());
    }

    [Fact]
    public void Write_DebugRow_OnlyAtDebugLevel()
    {
        using var rig = new TelemetryRig();
        rig.End(rig.Begin(), 499, ProxyError.CallerGone);
        Assert.Empty(rig.Lines());

        rig.Telemetry.Apply(new TelemetryConfiguration(LogSeverity.Debug, 0, TelemetryRig.DefaultAccessLog));
        rig.End(rig.Begin(), 499, ProxyError.CallerGone);

        Assert.Single(rig.Lines());
    }

    [Theory]
    [InlineData(999, false, 0)]
    [InlineData(1001, false, 1)]
    [InlineData(1001, true, 0)]
    public void Write_Slow_OnlyAboveTheLimitAndNotStreams(int milliseconds, bool isStream, int expected)
    {
        using var rig = new TelemetryRig();
        var record = rig.Begin();
        record.IsStream = isStream;
        rig.Attempt(record, TimeSpan.FromMilliseconds(milliseconds));

        rig.End(record);

        Assert.Equal(expected, rig.Lines().Length);
    }

    [Fact]
    public void Write_SecondAttemptSucceeds_Always()
    {
        using var rig = new TelemetryRig();
        var record = rig.Begin();
        rig.Attempt(record, Short, 503);
        rig.Attempt(record, Short);

        rig.End(record);

        var line = rig.Lines().Single();
        Assert.Equal(2, line.GetProperty("attempts").GetInt32());
        Assert.False(line.TryGetProperty("flags", out _));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1000, 1000)]
    [InlineData(0.1, 60, 140)]
    public void Write_Successes_AreSampledByRatio(double ratio, int atLeast, int atMost)
    {
        using var rig = new TelemetryRig(TelemetryRig.DefaultAccessLog with { SuccessRatio = ratio, LinesPerSecond = 0 });
        for (var i = 0; i < 1000; i++)
        {
            rig.End(rig.Begin());
        }

        Assert.True(rig.Writer.Flush(TimeSpan.FromSeconds(30)));
        Assert.InRange(rig.Writer.WrittenLines + rig.Writer.LostLines, atLeast, atMost);
    }

    [Fact]
    public void Write_TooManyInASecond_SummaryCountsTheRestWithoutFurtherTraffic()
    {
        using var rig = new TelemetryRig(TelemetryRig.DefaultAccessLog with { LinesPerSecond = 3 });
        for (var i = 0; i < 10; i++)
        {
            rig.End(rig.Begin(), 502, ProxyError.ConnectFailed);
        }

        Assert.Equal(3, rig.Lines().Length);

        rig.Clock.Advance(TimeSpan.FromSeconds(1));

        var summary = rig.Lines().Skip(3).Single();
        Assert.Equal("access-log-suppressed", summary.GetProperty("event").GetString());
        Assert.Equal(7, summary.GetProperty("count").GetInt64());
        rig.End(rig.Begin(), 502, ProxyError.ConnectFailed);
        Assert.Equal(4, rig.Lines(LogEvents.Request).Length);
    }

    [Fact]
    public void Write_ListedHeaders_AreWrittenAndOnlyThey()
    {
        using var rig = new TelemetryRig();
        var record = rig.Begin();
        record.Status = 502;
        record.Flags.Add(ProxyError.UpstreamClosed);
        record.EndTimestamp = rig.Clock.GetTimestamp();

        rig.Telemetry.OnRequestFinished(record, [new("user-agent", "curl\u001b[0m\r\n")], [new("server", "x")]);

        var line = rig.Lines().Single();
        Assert.Equal("curl\u001b[0m\r\n", line.GetProperty("requestHeader.user-agent").GetString());
        Assert.Equal("x", line.GetProperty("responseHeader.server").GetString());
        Assert.DoesNotContain("secret", rig.Stdout.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_LevelWarn_LeavesInfoLinesOut()
    {
        using var rig = new TelemetryRig();
        rig.Telemetry.Apply(new TelemetryConfiguration(LogSeverity.Warn, 0, TelemetryRig.DefaultAccessLog));

        rig.End(rig.Begin(), 503, ProxyError.CircuitOpen);
        rig.End(rig.Begin(), 502, ProxyError.ConnectFailed);

        Assert.Equal("UF", rig.Lines().Single().GetProperty("flags").GetString());
    }

    [Fact]
    public void Malformed_Flood_IsCountedInFullAndWrittenInPart()
    {
        using var rig = new TelemetryRig();
        for (var i = 0; i < 50; i++)
        {
            rig.Telemetry.Malformed("reverse", "bad\r\nrequest line");
        }

        rig.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(50, rig.Scrape().Sum("sidecar_refused_total", static sample => sample.Label("flag") == "BR"));
        var lines = rig.Lines(LogEvents.MalformedRequest);
        Assert.Equal(11, lines.Length);
        Assert.Equal(40, lines[^1].GetProperty("suppressed").GetInt64());
    }
}
