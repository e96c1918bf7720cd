using NBomber.Contracts;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.NBomber;
using Sidecar.LoadGen.Reports;

namespace NBomber.CSharp;

/// <summary>Runs scenarios side by side, by NBomber's public names.</summary>
public static class NBomberRunner
{
    /// <summary>What will run.</summary>
    public static NBomberContext RegisterScenarios(params ScenarioProps[] scenarios) => new(scenarios);

    /// <summary>Heading of the report.</summary>
    public static NBomberContext WithTestName(this NBomberContext context, string testName) => context with { TestName = testName };

    /// <summary>Where the report goes; without one nothing is written.</summary>
    public static NBomberContext WithReportFolder(this NBomberContext context, string reportFolder) => context with { ReportFolder = reportFolder };

    /// <summary>Name of the report's files.</summary>
    public static NBomberContext WithReportFileName(this NBomberContext context, string reportFileName) => context with { ReportFileName = reportFileName };

    /// <summary>Runs, prints, writes the report.</summary>
    public static NodeStats Run(this NBomberContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        using var reactor = new EpollReactor(TimeSpan.FromMicroseconds(20));
        return context.Run(reactor, Console.Out);
    }

    internal static NodeStats Run(this NBomberContext context, IReactor reactor, TextWriter output)
    {
        var loop = new LoopTimers(reactor);
        var runs = context.Scenarios.Select((scenario, i) => new ScenarioRun(loop, scenario, i + 1, TimeSpan.FromSeconds(10))).ToArray();
        loop.Run(() => Task.WhenAll(runs.Select(run => run.RunAsync())));

        var stats = runs.Select(run => run.Stats()).ToArray();
        var thresholds = context.Scenarios.Zip(stats).SelectMany(pair => pair.First.Thresholds.Select(
            threshold => new ThresholdResult(pair.First.ScenarioName, threshold.Expression, !threshold.Check(pair.Second)))).ToArray();
        var report = NodeReport.Of(context.TestName, context.Scenarios, runs, stats, thresholds);
        output.Write(TextFormats.Text(report));
        if (context.ReportFolder is not null)
        {
            Reporting.Write(report, context.ReportFolder, context.ReportFileName ?? "report");
        }

        return new NodeStats(stats, thresholds);
    }
}

/// <summary>Scenarios that are about to run.</summary>
public sealed record NBomberContext(IReadOnlyList<ScenarioProps> Scenarios)
{
    internal string TestName { get; init; } = "load test";

    internal string? ReportFolder { get; init; }

    internal string? ReportFileName { get; init; }
}
