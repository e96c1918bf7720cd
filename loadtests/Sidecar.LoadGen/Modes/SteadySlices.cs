using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Pacing;
using Sidecar.LoadGen.Recording;

namespace Sidecar.LoadGen.Modes;

/// <summary>What <see cref="SteadySlices"/> is to do.</summary>
/// <param name="Rate">Intended starts per second.</param>
/// <param name="Connections">To each target.</param>
/// <param name="Slice">One stretch of load on one target.</param>
/// <param name="Rounds">Each target gets one slice in each.</param>
/// <param name="IsPoisson">Random gaps instead of even ones.</param>
/// <param name="Lead">
/// The same load before each slice. It is counted, and its latencies are not: a target that had nothing to do while the others had
/// their slices begins with cold caches, which a steady rate does not have.
/// </param>
public sealed record SteadyPlan(double Rate, int Connections, TimeSpan Slice, int Rounds, bool IsPoisson = false, TimeSpan Lead = default);

/// <summary>Open-loop load at a steady rate on one target after the other, in slices whose order is drawn anew each round.</summary>
public static class SteadySlices
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Runs; gives the latencies from the intended start and, per target, all that was counted.</summary>
    public static (Comparison Latencies, IReadOnlyList<Tally> Tallies) Run(
        EpollReactor reactor, IReadOnlyList<Target> targets, RequestShape shape, SteadyPlan plan, Random random)
    {
        ArgumentNullException.ThrowIfNull(reactor);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(random);
        var lanes = targets.Select(target => target.Lanes(reactor, plan.Connections, shape)).ToArray();
        var images = targets.Select(target => target.Images(shape)).ToArray();
        var tallies = targets.Select(_ => new Tally()).ToArray();
        var comparison = new Comparison([.. targets.Select(target => target.Name)]);
        var order = Enumerable.Range(0, targets.Count).ToArray();

        Tally Slice(int index, TimeSpan during)
        {
            var tally = new Tally();
            var schedule = new ArrivalSchedule([LoadPhase.Constant(plan.Rate, during)], plan.IsPoisson ? random : null);
            new OpenLoop(reactor, lanes[index], images[index], tally, Timeout).Run(schedule);
            return tally;
        }

        foreach (var index in order)
        {
            Slice(index, TimeSpan.FromSeconds(1)); // connections, pools, caches
        }

        for (var round = 0; round < plan.Rounds; round++)
        {
            random.Shuffle(order);
            var histograms = new LatencyHistogram[order.Length];
            foreach (var index in order)
            {
                if (plan.Lead > TimeSpan.Zero)
                {
                    tallies[index].Add(Slice(index, plan.Lead));
                }

                var tally = Slice(index, plan.Slice);
                tallies[index].Add(tally);
                histograms[index] = tally.Latency;
            }

            comparison.AddRound(histograms);
        }

        foreach (var lane in lanes.SelectMany(all => all))
        {
            lane.Close();
        }

        return (comparison, tallies);
    }

    /// <summary>Closed-loop slices: capacity, for a CPU meter around it and for comparing the generator with wrk.</summary>
    public static Tally Closed(EpollReactor reactor, Target target, RequestShape shape, int connections, TimeSpan during)
    {
        ArgumentNullException.ThrowIfNull(target);
        var lanes = target.Lanes(reactor, connections, shape);
        var tally = new Tally();
        new ClosedLoop(reactor, lanes, target.Images(shape), tally, Timeout).Run(during);
        Array.ForEach(lanes, lane => lane.Close());
        return tally;
    }
}
