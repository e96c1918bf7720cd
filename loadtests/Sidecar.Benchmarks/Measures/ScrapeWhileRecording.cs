using System.Buffers;
using System.Diagnostics;
using Sidecar.Benchmarks.Workloads;
using Sidecar.LoadGen.Recording;

namespace Sidecar.Benchmarks.Measures;

/// <summary>
/// Does a scrape disturb those who record? One thread times every recording; in every second slice another thread scrapes,
/// one scrape after the other without a pause, which no scraper does. Slices in turn, so that a busy moment of the machine
/// meets both kinds.
/// </summary>
internal static class ScrapeWhileRecording
{
    private const int Quiet = 0, Scraped = 1, Rounds = 20;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(200);
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    public static void Run(Figures figures)
    {
        var live = new LiveRoutes(Numbered.Routes(50));
        var records = Metrics.All(live);
        new Random(1).Shuffle(records);
        var text = live.Prometheus();
        var comparison = new Comparison(["quiet", "scraped"]);
        var random = new Random(1);
        for (var round = -2; round < Rounds; round++)
        {
            var slices = new LatencyHistogram[2];
            var first = random.Next(2);
            slices[first] = RecordFor(live, records, text, isScraped: first == Scraped);
            slices[1 - first] = RecordFor(live, records, text, isScraped: first != Scraped);
            if (round >= 0)
            {
                comparison.AddRound(slices);
            }
        }

        foreach (var percentile in new[] { 50, 99, 99.9 })
        {
            figures.Add($"scrape.p{percentile}.quiet", "ns", comparison.At(Quiet, percentile).Value);
            figures.Add($"scrape.p{percentile}.scraped", "ns", comparison.At(Scraped, percentile).Value);
            var added = comparison.Added(Scraped, Quiet, percentile);
            figures.Add($"scrape.p{percentile}.added", "ns", added.Value);
            figures.Add($"scrape.p{percentile}.added.low", "ns", added.Low);
            figures.Add($"scrape.p{percentile}.added.high", "ns", added.High);
        }
    }

    private static LatencyHistogram RecordFor(LiveRoutes live, Sidecar.Proxy.Telemetry.RequestRecord[] records, Sidecar.Proxy.Telemetry.PrometheusText text, bool isScraped)
    {
        var isOver = false;
        var scraper = new Thread(() =>
        {
            var page = new ArrayBufferWriter<byte>(16 * 1024);
            while (isScraped && !Volatile.Read(ref isOver))
            {
                page.ResetWrittenCount();
                text.Write(page);
            }
        });
        scraper.Start();
        var histogram = new LatencyHistogram();
        var end = Stopwatch.GetTimestamp() + (long)(Slice.TotalSeconds * Stopwatch.Frequency);
        var before = Stopwatch.GetTimestamp();
        for (var i = 0; before < end; i = i + 1 == records.Length ? 0 : i + 1)
        {
            Metrics.RecordOne(live.Meter, records[i]);
            var after = Stopwatch.GetTimestamp();
            histogram.Record((long)((after - before) * NanosecondsPerTick));
            before = after;
        }

        Volatile.Write(ref isOver, true);
        scraper.Join();
        return histogram;
    }
}
