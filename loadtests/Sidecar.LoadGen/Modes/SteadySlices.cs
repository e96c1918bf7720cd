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
/// <param name="Settle">
/// When set, the machine's pace is taken, and latencies are also given without the requests that were to start while it was slow or
/// within this time after (<see cref="MachinePace"/>).
/// </param>
public sealed record SteadyPlan(
    double Rate, int Connections, TimeSpan Slice, int Rounds, bool IsPoisson = false, TimeSpan Lead = default, TimeSpan? Settle = null);

/// <summary>What <see cref="SteadySlices"/> came to.</summary>
/// <param name="Latencies">From the intended start, of all requests of the slices.</param>
/// <param name="Tallies">Per target, all that was counted.</param>
/// <param name="Pace">The machine's; null unless the plan wanted it.</param>
/// <param name="AtFullPace">The latencies of those requests that were to start while the machine was at full pace; null without a pace.</param>
public sealed record SteadyOutcome(Comparison Latencies, IReadOnlyList<Tally> Tallies, MachinePace? Pace, Comparison? AtFullPace);

/// <summary>Open-loop load at a steady rate on one target after the other, in slices whose order is drawn anew each round.</summary>
public static class SteadySlices
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Runs.</summary>
    public static SteadyOutcome Run(
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
        var pace = plan.Settle is { } settle ? new MachinePace(settle) : null;
        var probe = pace is null ? null : new PaceProbe(reactor, pace);
        var slices = new List<Tally[]>();

        Tally Slice(int index, TimeSpan during)
        {
            var tally = new Tally { Starts = pace is null ? null : [] };
            var schedule = new ArrivalSchedule([LoadPhase.Constant(plan.Rate, during)], plan.IsPoisson ? random : null);
            new OpenLoop(reactor, lanes[index], images[index], tally, Timeout, probe).Run(schedule);
            return tally;
        }

        foreach (var index in order)
        {
            Slice(index, TimeSpan.FromSeconds(1)); // connections, pools, caches
        }

        for (var round = 0; round < plan.Rounds; round++)
        {
            random.Shuffle(order);
            var slice = new Tally[order.Length];
            foreach (var index in order)
            {
                if (plan.Lead > TimeSpan.Zero)
                {
                    tallies[index].Add(Slice(index, plan.Lead));
                }

                slice[index] = Slice(index, plan.Slice);
                tallies[index].Add(slice[index]);
            }

            comparison.AddRound(Array.ConvertAll(slice, tally => tally.Latency));
            slices.Add(slice);
        }

        foreach (var lane in lanes.SelectMany(all => all))
        {
            lane.Close();
        }

        return new SteadyOutcome(comparison, tallies, pace, pace is null ? null : AtFullPace(comparison.Targets, slices, pace));
    }

    // Afterwards: what the usual pace is, the whole run says.
    private static Comparison AtFullPace(IReadOnlyList<string> targets, List<Tally[]> rounds, MachinePace pace)
    {
        var comparison = new Comparison(targets);
        foreach (var round in rounds)
        {
            comparison.AddRound(Array.ConvertAll(round, slice =>
            {
                var histogram = new LatencyHistogram();
                foreach (var (intended, latency) in slice.Starts!)
                {
                    if (pace.IsFullAt(intended))
                    {
                        histogram.Record(latency);
                    }
                }

                return histogram;
            }));
        }

        return comparison;
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
