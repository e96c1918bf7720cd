using Sidecar.LoadGen.Modes;
using Sidecar.LoadTests;

namespace Sidecar.LoadGen.Commands;

/// <summary><c>run SCENARIO</c>: looks a scenario up by its name and runs it.</summary>
internal static class RunScenario
{
    public static int Run(Arguments given)
    {
        if (given.Words.Count != 1 || !Suite.Scenarios.TryGetValue(given.Words[0], out var scenario))
        {
            throw new ArgumentException($"run: one of: {string.Join(", ", Suite.Scenarios.Keys.Order(StringComparer.Ordinal))}");
        }

        var settings = given.All("set").Select(text => text.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair.ElementAtOrDefault(1) ?? "", StringComparer.Ordinal);
        var targets = given.All("target").Select(Target.Parse).ToDictionary(target => target.Name, StringComparer.Ordinal);
        var run = new SuiteRun(given.Words[0], targets, settings, given.Text("out"), given.Integer("seed", 1));
        given.RejectUnknown();
        return scenario(run) ? 0 : 1;
    }
}
