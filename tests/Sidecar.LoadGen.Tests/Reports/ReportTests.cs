using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Sidecar.LoadGen.Recording;
using Sidecar.LoadGen.Reports;

namespace Sidecar.LoadGen.Tests.Reports;

public sealed class ReportTests
{
    [Fact]
    public void Text_Sample_IsAsReviewed() => Verify("report.txt", TextFormats.Text(Sample()));

    [Fact]
    public void Markdown_Sample_IsAsReviewed() => Verify("report.md", TextFormats.Markdown(Sample()));

    [Fact]
    public void Csv_Sample_IsAsReviewed() => Verify("report.csv", TextFormats.Csv(Sample()));

    [Fact]
    public void Json_Sample_IsAsReviewed() => Verify("report.json", JsonFormat.Json(Sample()));

    [Fact]
    public void Html_Sample_IsAsReviewed() => Verify("report.html", HtmlFormat.Html(Sample()));

    [Fact]
    public void Html_NamesWithMarkup_AreText()
    {
        var report = Sample() with { Title = "<script>alert(1)</script>", Facts = [new("a\"b", "<img>")], Void = "<b>busy</b>" };
        var html = HtmlFormat.Html(report);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Chart_OfAnything_IsWellFormed()
    {
        Assert.Empty(SvgChart.Draw(new Chart("empty", "x", "y", IsTail: false, [])));
        var flat = new Chart("a & b", "x", "y", IsTail: false, [new Curve("zero", [(1, 0)])]);
        Assert.DoesNotContain("NaN", XElement.Parse(SvgChart.Draw(flat)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void IsMet_VoidRun_IsNot() => Assert.False((Sample() with { Checks = [], Void = "busy" }).IsMet);

    private static Report Sample()
    {
        var comparison = new Comparison(["direct", "sidecar", "haproxy"]);
        for (var round = 0; round < 5; round++)
        {
            comparison.AddRound([Histogram(100_000, round), Histogram(190_000, round), Histogram(170_000, round)]);
        }

        var tally = new Tally { Duration = 5_000_000_000 };
        for (var i = 0; i < 990; i++)
        {
            tally.Succeed(200, 100_000 + (i * 100), 90_000, 100);
        }

        tally.Fail("timeout", 0, 5_000_000_000);
        string[] names = ["direct"];
        return new Report(
            "A sample | of a report",
            [new("rate", "2000 per second"), new("machine", "2 × something, \"quoted\"")],
            [new Check("added p50", "≤ 0.2 ms", "0.09 ms", true), new Check("added p99", "≤ 0.6 ms", "0.7 ms", false)],
            [.. Reporting.Latencies(comparison, 0), Reporting.AddedRatios(comparison, 0, 2), Reporting.Counts(names, [tally]), Reporting.Failures(names, [tally])!],
            [Reporting.Percentile(comparison.Targets.Select((name, i) => (name, comparison.Pooled(i))))]);
    }

    private static LatencyHistogram Histogram(long around, int round)
    {
        var histogram = new LatencyHistogram();
        for (var i = 0; i < 200; i++)
        {
            histogram.Record(around + (i * i) + (round * 500));
        }

        return histogram;
    }

    private static void Verify(string name, string actual, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "..", "golden", name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }
}
