using System.Runtime.CompilerServices;
using NBomber.Contracts;

namespace NBomber.CSharp;

/// <summary>NBomber's scenario, by its public names: what is done, how often, and what must come of it.</summary>
public sealed record ScenarioProps(string ScenarioName, Func<IScenarioContext, Task<IResponse>> Iteration)
{
    internal IReadOnlyList<LoadSimulation> Simulations { get; init; } = [];

    internal IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    // NBomber warms up for 30 s unless told otherwise; so does this, so that a scenario means the same on both.
    internal TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(30);

    internal Func<IScenarioContext, Task>? Init { get; init; }

    internal Func<IScenarioContext, Task>? Clean { get; init; }

    internal long MaxFailCount { get; init; } = 5000;
}

/// <summary>Builds scenarios.</summary>
public static class Scenario
{
    /// <summary>A scenario whose iteration this is.</summary>
    public static ScenarioProps Create(string name, Func<IScenarioContext, Task<IResponse>> run) => new(name, run);

    /// <summary>The load, one stretch after the other.</summary>
    public static ScenarioProps WithLoadSimulations(this ScenarioProps scenario, params LoadSimulation[] simulations) => scenario with { Simulations = simulations };

    /// <summary>What must come of it.</summary>
    public static ScenarioProps WithThresholds(this ScenarioProps scenario, params Threshold[] thresholds) => scenario with { Thresholds = thresholds };

    /// <summary>Starts measured.</summary>
    public static ScenarioProps WithoutWarmUp(this ScenarioProps scenario) => scenario with { WarmUp = TimeSpan.Zero };

    /// <summary>Runs unmeasured first.</summary>
    public static ScenarioProps WithWarmUpDuration(this ScenarioProps scenario, TimeSpan duration) => scenario with { WarmUp = duration };

    /// <summary>Is awaited before.</summary>
    public static ScenarioProps WithInit(this ScenarioProps scenario, Func<IScenarioContext, Task> init) => scenario with { Init = init };

    /// <summary>Is awaited afterwards.</summary>
    public static ScenarioProps WithClean(this ScenarioProps scenario, Func<IScenarioContext, Task> clean) => scenario with { Clean = clean };

    /// <summary>Ends a scenario that fails more often.</summary>
    public static ScenarioProps WithMaxFailCount(this ScenarioProps scenario, int maxFailCount) => scenario with { MaxFailCount = maxFailCount };
}

/// <summary>A condition on the figures of a scenario.</summary>
public sealed record Threshold(string Expression, Func<ScenarioStats, bool> Check)
{
    /// <summary>The condition is also what the report shows.</summary>
    public static Threshold Create(Func<ScenarioStats, bool> check, [CallerArgumentExpression(nameof(check))] string expression = "") => new(expression, check);
}
