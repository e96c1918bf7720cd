using Sidecar.LoadGen.Recording;

namespace Sidecar.LoadGen.Reports;

/// <summary>Turns what was recorded into tables and charts, and writes the files.</summary>
public static class Reporting
{
    private static readonly double[] Percentiles = [50, 90, 99, 99.9];
    private static readonly double[] Tail = [10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99];

    /// <summary>Percentiles of each target, microseconds, and what each adds over a baseline, with intervals.</summary>
    /// <param name="comparison">Of these.</param>
    /// <param name="baseline">What nothing is added to.</param>
    /// <param name="of">Ends the names of the tables, where a report has two of each.</param>
    public static IEnumerable<Table> Latencies(Comparison comparison, int baseline, string of = "")
    {
        ArgumentNullException.ThrowIfNull(comparison);
        yield return new Table(
            $"latency, µs{of}", ["target", "requests", "p50", "p90", "p99", "p99.9", "max"],
            [.. comparison.Targets.Select((name, i) =>
            {
                var pooled = comparison.Pooled(i);
                return new Row(name, [pooled.Count, .. Percentiles.Select(p => (double?)(pooled.At(p) / 1e3)), pooled.Max / 1e3]);
            })]);
        string[] columns = ["target", .. Percentiles.SelectMany(p => (string[])[$"p{p}", $"p{p} low", $"p{p} high"])];
        yield return new Table(
            $"added over {comparison.Targets[baseline]}, µs{of}", columns,
            [.. comparison.Targets.Select((name, i) => (name, i)).Where(pair => pair.i != baseline).Select(pair =>
                new Row(pair.name, [.. Percentiles.SelectMany(p => Cells(comparison.Added(pair.i, baseline, p), 1e3))]))]);
    }

    /// <summary>What each target adds over what a reference adds.</summary>
    public static Table AddedRatios(Comparison comparison, int baseline, int reference)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        double[] percentiles = [50, 99];
        string[] columns = ["target", .. percentiles.SelectMany(p => (string[])[$"p{p}", $"p{p} low", $"p{p} high"])];
        return new Table(
            $"added, over what {comparison.Targets[reference]} adds", columns,
            [.. comparison.Targets.Select((name, i) => (name, i)).Where(pair => pair.i != baseline).Select(pair =>
                new Row(pair.name, [.. percentiles.SelectMany(p => Cells(comparison.AddedRatio(pair.i, reference, baseline, p), 1))]))]);
    }

    /// <summary>What was counted, per target.</summary>
    public static Table Counts(IReadOnlyList<string> names, IReadOnlyList<Tally> tallies)
    {
        ArgumentNullException.ThrowIfNull(tallies);
        return new Table(
            "requests", ["target", "succeeded", "failed", "per second", "body MB", "generator late p99 µs", "service p50 µs", "service p99 µs"],
            [.. names.Select((name, i) => new Row(name,
                [
                    tallies[i].Succeeded, tallies[i].Failed, tallies[i].Rate, tallies[i].BodyBytes / 1e6,
                    tallies[i].Lateness.At(99) / 1e3, tallies[i].Service.At(50) / 1e3, tallies[i].Service.At(99) / 1e3,
                ]))]);
    }

    /// <summary>How many of the requests are left out of a comparison, per target.</summary>
    public static Table LeftOut(Comparison all, Comparison kept)
    {
        ArgumentNullException.ThrowIfNull(all);
        ArgumentNullException.ThrowIfNull(kept);
        return new Table(
            "left out", ["target", "requests", "share, %"],
            [.. all.Targets.Select((name, i) =>
            {
                var count = all.Pooled(i).Count;
                var left = count - kept.Pooled(i).Count;
                return new Row(name, [left, count == 0 ? 0 : 100.0 * left / count]);
            })]);
    }

    /// <summary>Failures by reason; null when there were none.</summary>
    public static Table? Failures(IReadOnlyList<string> names, IReadOnlyList<Tally> tallies)
    {
        var reasons = tallies.SelectMany(tally => tally.Failures.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        return reasons.Length == 0 ? null : new Table(
            "failures", ["target", .. reasons],
            [.. names.Select((name, i) => new Row(name, [.. reasons.Select(reason => (double?)tallies[i].Failures.GetValueOrDefault(reason))]))]);
    }

    /// <summary>The curve of percentiles.</summary>
    public static Chart Percentile(IEnumerable<(string Name, LatencyHistogram Histogram)> curves) => new(
        "latency by percentile", "percentile", "ms", IsTail: true,
        [.. curves.Where(curve => curve.Histogram.Count > 0)
            .Select(curve => new Curve(curve.Name, [.. Tail.Select(p => (p, curve.Histogram.At(p) / 1e6))]))]);

    /// <summary>Writes every format under one name.</summary>
    public static void Write(Report report, string folder, string name)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, name);
        File.WriteAllText(path + ".txt", TextFormats.Text(report));
        File.WriteAllText(path + ".md", TextFormats.Markdown(report));
        File.WriteAllText(path + ".csv", TextFormats.Csv(report));
        File.WriteAllText(path + ".json", JsonFormat.Json(report));
        File.WriteAllText(path + ".html", HtmlFormat.Html(report));
    }

    private static IEnumerable<double?> Cells(Interval interval, double unit) => [interval.Value / unit, interval.Low / unit, interval.High / unit];
}
