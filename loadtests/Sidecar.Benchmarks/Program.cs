using Sidecar.Benchmarks.Measures;
using Sidecar.Benchmarks.Workloads;

namespace Sidecar.Benchmarks;

/// <summary>
/// Measures one group and ends; <c>loadtests/micro.sh</c> runs all of them, several times in turn, and judges. Figures go to
/// standard output, BenchmarkDotNet's own account to standard error.
/// </summary>
internal static class Program
{
    private static readonly Dictionary<string, Func<Figures, Task>> Groups = new(StringComparer.Ordinal)
    {
        ["decisions"] = Synchronous(static figures => Operations.Measure<Decisions>(figures)),
        ["routes"] = Synchronous(static figures => Operations.Measure<RouteLookup>(figures)),
        ["headers"] = Synchronous(static figures => Operations.Measure<Headers>(figures)),
        ["access-line"] = Synchronous(AccessLines),
        ["metrics"] = Synchronous(RecordingAndScraping),
        ["traces"] = Synchronous(static figures => Operations.Measure<Traces>(figures)),
        ["writers"] = Synchronous(FiftyWriters.Run),
        ["scrape"] = Synchronous(ScrapeWhileRecording.Run),
        ["export"] = SpanExport.RunAsync,
        ["connections"] = ConnectionCleanup.RunAsync,
    };

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [var name] || !Groups.TryGetValue(name, out var group))
        {
            await Console.Error.WriteLineAsync($"One of: {string.Join(' ', Groups.Keys)}");
            return 64;
        }

        await group(new Figures(Console.Out));
        return 0;
    }

    private static Func<Figures, Task> Synchronous(Action<Figures> run) => figures =>
    {
        run(figures);
        return Task.CompletedTask;
    };

    private static void AccessLines(Figures figures)
    {
        var line = new AccessLine();
        line.Setup();
        for (var i = 0; i < 100; i++)
        {
            line.Write();
        }

        line.Flush();
        figures.Add("AccessLine.length", "B", line.BytesPerLine);
        Operations.Measure<AccessLine>(figures);
    }

    private static void RecordingAndScraping(Figures figures)
    {
        foreach (var routes in new[] { 50, 625 })
        {
            var metrics = new Metrics { Routes = routes };
            metrics.Setup();
            figures.Add($"Metrics.page.{routes}", "B", metrics.PageBytes);
        }

        Operations.Measure<Metrics>(figures);
        Operations.Measure<ExportedMetrics>(figures);
    }
}
