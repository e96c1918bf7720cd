using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Sidecar.Benchmarks;

/// <summary>
/// Times the operations of a workload with BenchmarkDotNet. The native build has <c>Operations.Native.cs</c> in place of this file:
/// BenchmarkDotNet makes its loops at run time, which native code cannot.
/// </summary>
internal static class Operations
{
    // BenchmarkDotNet's own way out of process builds a project for each run, which takes longer than the measurement. Here
    // every group is a process of its own already.
    private static readonly Job Short = Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithIterationTime(TimeInterval.FromMilliseconds(50))
        .WithWarmupCount(6)
        .WithIterationCount(12);

    /// <summary>Median, error and bytes of each operation.</summary>
    public static void Measure<T>(Figures figures)
    {
        var error = new StreamWriter(Console.OpenStandardError()) { AutoFlush = true };
        var config = ManualConfig.CreateEmpty()
            .AddJob(Short)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(new StreamLogger(error))
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "sidecar-micro"))
            .WithOptions(ConfigOptions.DisableLogFile);
        var summary = BenchmarkRunner.Run<T>(config);
        if (summary.HasCriticalValidationErrors || summary.Reports.Length < summary.BenchmarksCases.Length)
        {
            throw new InvalidOperationException("Not every benchmark was run; the account says why.");
        }

        foreach (var report in summary.Reports)
        {
            var benchmark = report.BenchmarkCase;
            var statistics = report.ResultStatistics ?? throw new InvalidOperationException($"{benchmark.DisplayInfo} has no result.");
            var parameters = benchmark.Parameters.Items.OrderBy(static item => item.Name, StringComparer.Ordinal).Select(static item => $"{item.Value}");
            var name = string.Join('.', [typeof(T).Name, benchmark.Descriptor.WorkloadMethod.Name, .. parameters]);
            figures.Add(name, "ns", statistics.Median);
            figures.Add($"{name}.error", "ns", statistics.ConfidenceInterval.Margin);
            figures.Add($"{name}.allocated", "B", report.GcStats.GetBytesAllocatedPerOperation(benchmark) ?? double.NaN);
        }
    }
}
