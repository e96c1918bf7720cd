using System.Runtime.CompilerServices;
using System.Text.Json;
using Sidecar.Benchmarks.Workloads;

namespace Sidecar.LoadGen.Tests.Budgets;

/// <summary>
/// What can be counted of the micro-benchmarks (<c>loadtests/budgets.json</c>, <c>operations</c>): the very operations that
/// <c>make micro</c> times, and only the bytes they allocate.
/// </summary>
public sealed class OperationBudgetTests
{
    private static readonly JsonElement Budgets = JsonDocument.Parse(File.ReadAllText(PathOf("loadtests/budgets.json"))).RootElement;

    [Fact]
    public void Decisions_AllocateWithinTheBudget()
    {
        var decisions = new Decisions();
        decisions.Setup();

        Check("breakerAndBudget", () => decisions.BreakerAndBudget());
        Check("openBreaker", () => decisions.OpenBreaker());
    }

    [Theory]
    [InlineData(100, "path")]
    [InlineData(100, "host")]
    [InlineData(1000, "path")]
    [InlineData(1000, "host")]
    public void RouteLookup_AllocatesWithinTheBudget(int routes, string by)
    {
        var lookup = new RouteLookup { Routes = routes, By = by };
        lookup.Setup();

        Check($"routeLookupAmong{routes}", () => lookup.Lookup());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(12)]
    public void Headers_AllocateWithinTheBudget(int fields)
    {
        var headers = new Headers { Fields = fields };
        headers.Setup();

        Check($"requestHeaders{fields}", () => headers.Request());
        Check($"responseHeaders{fields}", () => headers.Response());
    }

    [Fact]
    public void AccessLine_AllocatesWithinTheBudget()
    {
        var line = new AccessLine();
        line.Setup();

        Check("accessLine", line.Write);
    }

    [Fact]
    public void AccessLine_Length_IsWithinTheBudget()
    {
        var line = new AccessLine();
        line.Setup();

        for (var i = 0; i < 100; i++)
        {
            line.Write();
        }

        line.Flush();
        Assert.InRange(line.BytesPerLine, 1, Budgets.GetProperty("accessLineLength").GetDouble());
    }

    [Theory]
    [InlineData(50, "metricsOfOneRequest")]
    [InlineData(625, "metricsOfOneRequestAmong10000Series")]
    public void Metrics_AllocateWithinTheBudget(int routes, string budget)
    {
        var metrics = new Metrics { Routes = routes };
        metrics.Setup();

        Check(budget, metrics.Record);
    }

    [Fact]
    public void Scrape_AllocatesWithinTheBudget()
    {
        var metrics = new Metrics { Routes = 50 };
        metrics.Setup();

        Check("scrapeOf50Routes", () => metrics.Scrape(), rounds: 10);
    }

    [Fact]
    public void Traces_AllocateWithinTheBudget()
    {
        var traces = new Traces();
        traces.Setup();

        Check("traceOfFiveSpans", traces.FiveSpans);
        Check("requestNotSampled", traces.NotSampledRequest);
    }

    // The least of three measurements: what the runtime does once, whenever it likes, belongs to no operation.
    private static void Check(string budget, Action operation, int rounds = 1000)
    {
        Repeat(operation, rounds);
        var least = long.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Repeat(operation, rounds);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        var most = Budgets.GetProperty("operations").GetProperty(budget).GetInt64();
        Assert.True(least <= most * rounds, $"{budget}: {(double)least / rounds} bytes for each operation, {most} are granted.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Repeat(Action operation, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            operation();
        }
    }

    private static string PathOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", name);
}
