using System.Diagnostics;
using Sidecar.Benchmarks.Workloads;

namespace Sidecar.Benchmarks;

/// <summary>
/// Times the operations of a workload in native code, which is what is shipped: twelve batches of at least 20 ms, under the
/// names that <c>Operations.cs</c> gives them.
/// </summary>
internal static class Operations
{
    private const int Batches = 12;

    // Student's t for 11 degrees of freedom at 99.9 %, two-sided: the interval that BenchmarkDotNet states.
    private const double StudentsT = 4.437;

    private static readonly TimeSpan Batch = TimeSpan.FromMilliseconds(20);

    // What is made must be kept somewhere, or the compiler would not make it.
    private static object? s_made;

    /// <summary>Median, error and bytes of each operation.</summary>
    public static void Measure<T>(Figures figures)
    {
        foreach (var (name, operation) in Of(typeof(T)))
        {
            Measure(figures, name, operation);
        }
    }

    private static IEnumerable<(string Name, Action Operation)> Of(Type workload) =>
        workload == typeof(Decisions) ? OfDecisions()
        : workload == typeof(RouteLookup) ? OfRouteLookup()
        : workload == typeof(Headers) ? OfHeaders()
        : workload == typeof(AccessLine) ? OfAccessLine()
        : workload == typeof(Metrics) ? OfMetrics()
        : workload == typeof(ExportedMetrics) ? OfExportedMetrics()
        : workload == typeof(Traces) ? OfTraces()
        : throw new ArgumentException($"{workload} is not listed.", nameof(workload));

    private static IEnumerable<(string Name, Action Operation)> OfDecisions()
    {
        var decisions = new Decisions();
        decisions.Setup();
        yield return ("Decisions.BreakerAndBudget", () => decisions.BreakerAndBudget());
        yield return ("Decisions.BreakerAndBudgetWithoutRetry", () => decisions.BreakerAndBudgetWithoutRetry());
        yield return ("Decisions.OpenBreaker", () => decisions.OpenBreaker());
        yield return ("Decisions.PolicyEngine", () => decisions.PolicyEngine());
    }

    private static IEnumerable<(string Name, Action Operation)> OfRouteLookup()
    {
        foreach (var routes in new[] { 100, 1000 })
        {
            foreach (var by in new[] { "path", "host" })
            {
                var lookup = new RouteLookup { Routes = routes, By = by };
                lookup.Setup();
                yield return ($"RouteLookup.Lookup.{by}.{routes}", () => s_made = lookup.Lookup());
            }
        }
    }

    private static IEnumerable<(string Name, Action Operation)> OfHeaders()
    {
        foreach (var fields in new[] { 3, 12 })
        {
            var headers = new Headers { Fields = fields };
            headers.Setup();
            yield return ($"Headers.Message.{fields}", () => s_made = headers.Message());
            yield return ($"Headers.Request.{fields}", () => s_made = headers.Request());
            yield return ($"Headers.Response.{fields}", () => headers.Response());
        }
    }

    private static IEnumerable<(string Name, Action Operation)> OfAccessLine()
    {
        var line = new AccessLine();
        line.Setup();
        yield return ("AccessLine.Write", line.Write);
        line.Flush();
    }

    private static IEnumerable<(string Name, Action Operation)> OfMetrics()
    {
        foreach (var routes in new[] { 50, 625 })
        {
            var metrics = new Metrics { Routes = routes };
            metrics.Setup();
            yield return ($"Metrics.Record.{routes}", metrics.Record);
            yield return ($"Metrics.Scrape.{routes}", () => metrics.Scrape());
        }
    }

    private static IEnumerable<(string Name, Action Operation)> OfExportedMetrics()
    {
        var metrics = new ExportedMetrics();
        metrics.Setup();
        yield return ("ExportedMetrics.Record", metrics.Record);
    }

    private static IEnumerable<(string Name, Action Operation)> OfTraces()
    {
        var traces = new Traces();
        traces.Setup();
        yield return ("Traces.FiveSpans", traces.FiveSpans);
        yield return ("Traces.NotSampledRequest", traces.NotSampledRequest);
    }

    private static void Measure(Figures figures, string name, Action operation)
    {
        // The batches that were too short are the warm-up.
        var count = 1L;
        for (var taken = Run(operation, count); taken < Batch; taken = Run(operation, count))
        {
            count *= 2;
        }

        var nanoseconds = new double[Batches];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Batches; i++)
        {
            nanoseconds[i] = Run(operation, count).TotalNanoseconds / count;
        }

        var allocated = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / (Batches * count);
        Array.Sort(nanoseconds);
        var mean = nanoseconds.Average();
        var deviation = Math.Sqrt(nanoseconds.Sum(value => (value - mean) * (value - mean)) / (Batches - 1));
        figures.Add(name, "ns", (nanoseconds[(Batches / 2) - 1] + nanoseconds[Batches / 2]) / 2);
        figures.Add($"{name}.error", "ns", StudentsT * deviation / Math.Sqrt(Batches));
        figures.Add($"{name}.allocated", "B", Math.Floor(allocated));
    }

    private static TimeSpan Run(Action operation, long count)
    {
        var began = Stopwatch.GetTimestamp();
        for (var i = 0L; i < count; i++)
        {
            operation();
        }

        return Stopwatch.GetElapsedTime(began);
    }
}
