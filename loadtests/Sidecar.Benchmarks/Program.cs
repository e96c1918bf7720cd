using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Sidecar.Benchmarks.Measures;
using Sidecar.Benchmarks.Workloads;

namespace Sidecar.Benchmarks;

/// <summary>
/// Measures one group and ends; <c>loadtests/micro.sh</c> runs all of them, several times in turn, and judges. Figures go to
/// standard output, BenchmarkDotNet's own account to standard error.
/// </summary>
internal static class Program
{
    // BenchmarkDotNet's own way out of process builds a project for each run, which takes longer than the measurement. Here
    // every group is a process of its own already.
    private static readonly Job Short = Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithIterationTime(TimeInterval.FromMilliseconds(50))
        .WithWarmupCount(6)
        .WithIterationCount(12);

    private static readonly Dictionary<string, Func<Figures, Task>> Groups = new(StringComparer.Ordinal)
    {
        ["decisions"] = figures => Benchmarks(figures, typeof(Decisions)),
        ["routes"] = figures => Benchmarks(figures, typeof(RouteLookup)),
        ["headers"] = figures => Benchmarks(figures, typeof(Headers)),
        ["access-line"] = AccessLineAsync,
        ["metrics"] = MetricsAsync,
        ["traces"] = figures => Benchmarks(figures, typeof(Traces)),
        ["writers"] = Done(FiftyWriters.Run),
        ["scrape"] = Done(ScrapeWhileRecording.Run),
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

    private static Func<Figures, Task> Done(Action<Figures> run) => figures =>
    {
        run(figures);
        return Task.CompletedTask;
    };

    private static Task Benchmarks(Figures figures, params Type[] types)
    {
        var error = new StreamWriter(Console.OpenStandardError()) { AutoFlush = true };
        var config = ManualConfig.CreateEmpty()
            .AddJob(Short)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(new StreamLogger(error))
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "sidecar-micro"))
            .WithOptions(ConfigOptions.DisableLogFile);
        foreach (var summary in types.Select(type => BenchmarkRunner.Run(type, config)))
        {
            if (summary.HasCriticalValidationErrors || summary.Reports.Length < summary.BenchmarksCases.Length)
            {
                throw new InvalidOperationException("Not every benchmark was run; the account says why.");
            }

            foreach (var report in summary.Reports)
            {
                var statistics = report.ResultStatistics ?? throw new InvalidOperationException($"{report.BenchmarkCase.DisplayInfo} has no result.");
                var descriptor = report.BenchmarkCase.Descriptor;
                var name = string.Join('.', [descriptor.Type.Name, descriptor.WorkloadMethod.Name, .. report.BenchmarkCase.Parameters.Items.Select(item => $"{item.Value}")]);
                figures.Add(name, "ns", statistics.Median);
                figures.Add($"{name}.error", "ns", statistics.ConfidenceInterval.Margin);
                figures.Add($"{name}.allocated", "B", report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? double.NaN);
            }
        }

        return Task.CompletedTask;
    }

    private static async Task AccessLineAsync(Figures figures)
    {
        await Benchmarks(figures, typeof(AccessLine));
        var line = new AccessLine();
        line.Setup();
        for (var i = 0; i < 100; i++)
        {
            line.Write();
        }

        line.Flush();
        figures.Add("AccessLine.length", "B", line.BytesPerLine);
    }

    private static async Task MetricsAsync(Figures figures)
    {
        await Benchmarks(figures, typeof(Metrics), typeof(ExportedMetrics));
        foreach (var routes in new[] { 50, 625 })
        {
            var metrics = new Metrics { Routes = routes };
            metrics.Setup();
            figures.Add($"Metrics.page.{routes}", "B", metrics.PageBytes);
        }
    }
}
