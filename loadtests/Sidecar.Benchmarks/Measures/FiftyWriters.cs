using System.Diagnostics;
using Sidecar.Benchmarks.Workloads;

namespace Sidecar.Benchmarks.Measures;

/// <summary>
/// Fifty threads that record as fast as they can: requests recorded per second of wall time, whatever processors there are.
/// Spread over fifty routes, and all into the same series, which is the worst that interlocked counters can meet.
/// </summary>
internal static class FiftyWriters
{
    private const int Writers = 50;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    public static void Run(Figures figures)
    {
        var live = new LiveRoutes(Numbered.Routes(Writers));
        for (var warmUp = true; ; warmUp = false)
        {
            var spread = PerSecond(live, static i => $"r{i}");
            var same = PerSecond(live, static _ => "r0");
            if (!warmUp)
            {
                figures.Add("writers.spread", "records/s", spread);
                figures.Add("writers.same", "records/s", same);
                return;
            }
        }
    }

    private static double PerSecond(LiveRoutes live, Func<int, string> route)
    {
        using var ready = new Barrier(Writers + 1);
        var isOver = false;
        var recorded = new long[Writers];
        var threads = Numbered.Of(Writers, i => new Thread(() =>
        {
            var record = Requests.Ended(live.Time, route(i));
            long count = 0;
            ready.SignalAndWait();
            while (!Volatile.Read(ref isOver))
            {
                Metrics.RecordOne(live.Meter, record);
                count++;
            }

            recorded[i] = count;
        }));
        Array.ForEach(threads, static thread => thread.Start());
        ready.SignalAndWait();
        var began = Stopwatch.GetTimestamp();
        Thread.Sleep(Slice);
        Volatile.Write(ref isOver, true);
        Array.ForEach(threads, static thread => thread.Join());
        return recorded.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
