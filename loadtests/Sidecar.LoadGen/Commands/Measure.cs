using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Recording;
using Sidecar.LoadGen.Reports;

namespace Sidecar.LoadGen.Commands;

/// <summary>The measuring commands: targets in, a report out.</summary>
internal static class Measure
{
    /// <summary>Beyond this share of the interval between starts the generator could not keep its own time.</summary>
    private const double MostLateness = 5_000_000;

    /// <summary>The usual pace is the median: when much of the time is slow, there is none.</summary>
    private const double MostSlow = 0.25;

    /// <summary>A figure is of most of the requests, or it is of something else.</summary>
    private const double LeastKept = 0.5;

    public static int Interleave(Arguments given)
    {
        var (targets, shape, baseline) = Common(given);
        var rounds = given.Integer("rounds", 3000);
        var gap = given.Range("gap");
        var reference = given.Text("reference");
        var seed = given.Integer("seed", 1);
        using var reactor = Reactor(given);
        var output = Output.Of(given, gap.Most > TimeSpan.Zero ? "cold" : "interleaved");
        given.RejectUnknown();

        var comparison = Interleaved.Run(reactor, targets, shape, rounds, gap, new Random(seed));
        List<Table> tables = [.. Reporting.Latencies(comparison, baseline)];
        if (reference is not null)
        {
            tables.Add(Reporting.AddedRatios(comparison, baseline, IndexOf(targets, reference)));
        }

        return output.Write(new Report(
            gap.Most > TimeSpan.Zero ? "Added latency, one request in flight, with gaps" : "Added latency, one request in flight",
            [new("rounds", $"{rounds}, order drawn anew in each"), new("gap", Text(gap)), new("requests", Text(shape)), new("seed", $"{seed}")],
            [], tables, Charts(comparison)));
    }

    public static int Steady(Arguments given)
    {
        var (targets, shape, baseline) = Common(given);
        var plan = new SteadyPlan(
            given.Number("rate", 2000), given.Integer("connections", 16), given.Duration("slice", TimeSpan.FromSeconds(5)), given.Integer("rounds", 4),
            given.Integer("poisson", 0) != 0, given.Duration("lead", TimeSpan.Zero),
            given.Text("settle") is null ? null : given.Duration("settle", TimeSpan.Zero));
        var reference = given.Text("reference");
        var seed = given.Integer("seed", 1);
        using var reactor = Reactor(given);
        var output = Output.Of(given, "steady");
        given.RejectUnknown();

        var (all, tallies, pace, atFullPace) = SteadySlices.Run(reactor, targets, shape, plan, new Random(seed));
        var comparison = atFullPace ?? all;
        List<Table> tables = [.. Reporting.Latencies(comparison, baseline), Reporting.Counts(comparison.Targets, tallies)];
        if (atFullPace is not null)
        {
            tables.Add(Reporting.LeftOut(all, atFullPace));
            tables.AddRange(Reporting.Latencies(all, baseline, ", the machine's slow stretches too"));
        }

        if (reference is not null)
        {
            tables.Add(Reporting.AddedRatios(comparison, baseline, IndexOf(targets, reference)));
        }

        if (Reporting.Failures(comparison.Targets, tallies) is { } failures)
        {
            tables.Add(failures);
        }

        return output.Write(new Report(
            "Added latency, open loop",
            [
                new("rate", $"{plan.Rate} intended starts per second, {(plan.IsPoisson ? "Poisson" : "even gaps")}; latency from the intended start"),
                new("slices", $"{plan.Rounds} rounds of {plan.Slice.TotalSeconds} s per target, order drawn anew in each"
                    + (plan.Lead > TimeSpan.Zero ? $"; {plan.Lead.TotalSeconds} s of the same load before each, without its latencies" : "")),
                new("connections", $"{plan.Connections} per target"), new("requests", Text(shape)), new("seed", $"{seed}"),
                .. Facts(pace),
            ],
            [], tables, Charts(comparison), VoidBecause(targets, tallies) ?? (atFullPace is null ? null : VoidBecause(pace!, all, atFullPace))));
    }

    public static int Closed(Arguments given)
    {
        var (targets, shape, _) = Common(given);
        var connections = given.Integer("connections", 16);
        var during = given.Duration("during", TimeSpan.FromSeconds(5));
        using var reactor = Reactor(given);
        var output = Output.Of(given, "closed");
        given.RejectUnknown();

        var tallies = targets.Select(target => SteadySlices.Closed(reactor, target, shape, connections, during)).ToArray();
        string[] names = [.. targets.Select(target => target.Name)];
        List<Table> tables = [Reporting.Counts(names, tallies)];
        if (Reporting.Failures(names, tallies) is { } failures)
        {
            tables.Add(failures);
        }

        return output.Write(new Report(
            "Closed loop",
            [new("connections", $"{connections}"), new("during", $"{during.TotalSeconds} s"), new("requests", Text(shape))],
            [], tables, [Reporting.Percentile(names.Zip(tallies, (name, tally) => (name, tally.Latency)))]));
    }

    internal static EpollReactor Reactor(Arguments given) => new(given.Duration("spin", TimeSpan.FromMicroseconds(20)));

    private static (IReadOnlyList<Target> Targets, RequestShape Shape, int Baseline) Common(Arguments given)
    {
        var targets = given.All("target").Select(Target.Parse).ToArray();
        if (targets.Length == 0)
        {
            throw new ArgumentException("at least one --target is wanted");
        }

        return (targets, Shape(given), given.Text("baseline") is { } baseline ? IndexOf(targets, baseline) : 0);
    }

    private static RequestShape Shape(Arguments given)
    {
        var protocol = given.Text("protocol") switch
        {
            null or "http1" => TargetProtocol.Http1,
            "websocket" => TargetProtocol.WebSocket,
            "h2c" => TargetProtocol.H2c,
            "grpc" => TargetProtocol.Grpc,
            var other => throw new ArgumentException($"--protocol: http1, websocket, h2c or grpc, not '{other}'"),
        };
        var profile = given.Text("profile") ?? "plain";
        return profile is "plain" or "R"
            ? new RequestShape(protocol, profile, given.Integer("body", 0), given.Integer("status", 200))
            : throw new ArgumentException($"--profile: plain or R, not '{profile}'");
    }

    private static int IndexOf(IReadOnlyList<Target> targets, string name)
    {
        for (var i = 0; i < targets.Count; i++)
        {
            if (targets[i].Name == name)
            {
                return i;
            }
        }

        throw new ArgumentException($"no target is called '{name}'");
    }

    private static string? VoidBecause(IReadOnlyList<Target> targets, IReadOnlyList<Tally> tallies)
    {
        for (var i = 0; i < targets.Count; i++)
        {
            if (tallies[i].Failed > 0)
            {
                return $"{tallies[i].Failed} requests to {targets[i].Name} failed";
            }

            if (tallies[i].Lateness.At(99) > MostLateness)
            {
                return $"the generator itself was late: p99 {tallies[i].Lateness.At(99) / 1e6:0.0} ms ({targets[i].Name}); the machine is too busy";
            }
        }

        return null;
    }

    internal static string? VoidBecause(MachinePace pace, Comparison all, Comparison kept)
    {
        if (pace.SlowShare > MostSlow)
        {
            return $"the machine computed at less than half its pace for {100 * pace.SlowShare:0} % of the time";
        }

        for (var i = 0; i < all.Targets.Count; i++)
        {
            var (requests, found) = (all.Pooled(i).Count, kept.Pooled(i).Count);
            if (found < requests * LeastKept)
            {
                return $"of {requests} requests to {all.Targets[i]} only {found} found the machine at full pace";
            }
        }

        return null;
    }

    private static KeyValuePair<string, string>[] Facts(MachinePace? pace) => pace is null ? [] :
    [
        new("the machine", $"computed at less than half its pace for {100 * pace.SlowShare:0.0} % of the time, in {pace.Stretches.Count} stretches, by {pace.Probes} probes"),
        new("left out", $"requests that were to start in one of them, or within {pace.Settle.TotalMilliseconds} ms after"),
    ];

    private static Chart[] Charts(Comparison comparison) =>
        [Reporting.Percentile(comparison.Targets.Select((name, i) => (name, comparison.Pooled(i))))];

    private static string Text((TimeSpan Least, TimeSpan Most) gap) =>
        gap.Most > TimeSpan.Zero ? $"{gap.Least.TotalMilliseconds}–{gap.Most.TotalMilliseconds} ms before each request, log-uniform" : "none";

    private static string Text(RequestShape shape) =>
        $"{shape.Protocol}, profile {shape.Profile}{(shape.BodyBytes > 0 ? $", {shape.BodyBytes} bytes" : "")}";
}

/// <summary>Where a report goes: always the terminal, files when asked.</summary>
internal sealed record Output(string? Json, string? Folder, string Name)
{
    public static Output Of(Arguments given, string name) => new(given.Text("json"), given.Text("out"), given.Text("name") ?? name);

    public int Write(Report report)
    {
        Console.Write(TextFormats.Text(report));
        if (Json is not null)
        {
            File.WriteAllText(Json, JsonFormat.Json(report));
        }

        if (Folder is not null)
        {
            Reporting.Write(report, Folder, Name);
        }

        return report.Void is not null ? 2 : report.IsMet ? 0 : 1;
    }
}
