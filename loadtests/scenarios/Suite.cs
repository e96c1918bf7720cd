using System.Globalization;
using NBomber.CSharp;
using Sidecar.LoadGen.Modes;

namespace Sidecar.LoadTests;

/// <summary>The suites by name. Each answers whether everything it asked for was met.</summary>
public static class Suite
{
    /// <summary>All of them.</summary>
    public static IReadOnlyDictionary<string, Func<SuiteRun, bool>> Scenarios { get; } = new Dictionary<string, Func<SuiteRun, bool>>(StringComparer.Ordinal)
    {
        ["latency-overhead"] = LatencyOverhead.Run,
        ["cold"] = Cold.Run,
        ["policies"] = Policies.Run,
        ["telemetry"] = Policies.Run,
        ["throughput"] = Throughput.Run,
        ["connections"] = Connections.Run,
        ["large-bodies"] = LargeBodies.Run,
        ["http2-grpc"] = Http2Grpc.Run,
        ["websocket"] = WebSocketEcho.Run,
        ["overload"] = Overload.Run,
        ["reload-under-load"] = ReloadUnderLoad.Run,
        ["outage"] = Outage.Run,
        ["duplicates"] = Duplicates.Run,
        ["rolling-restart"] = RollingRestart.Run,
        ["soak"] = Soak.Run,
    };
}

/// <summary>What a suite is given: where to send, and its settings.</summary>
/// <param name="Name">Of the suite.</param>
/// <param name="Targets">By name: <c>direct</c>, <c>sidecar</c>, <c>haproxy</c>, <c>nginx</c>, and what a suite asks for.</param>
/// <param name="Settings">From <c>--set</c>.</param>
/// <param name="Folder">Of the reports, or null.</param>
/// <param name="Seed">Of everything that is drawn.</param>
public sealed record SuiteRun(string Name, IReadOnlyDictionary<string, Target> Targets, IReadOnlyDictionary<string, string> Settings, string? Folder, int Seed)
{
    /// <summary>A target that the suite cannot do without.</summary>
    public Target Target(string name) =>
        Targets.TryGetValue(name, out var target) ? target : throw new ArgumentException($"{Name}: --target {name}=URL is wanted");

    /// <summary>Those of the names that were given, in this order.</summary>
    public IReadOnlyList<Target> Given(params string[] names) => [.. names.Where(Targets.ContainsKey).Select(name => Targets[name])];

    /// <summary>A setting, or its default.</summary>
    public int Setting(string name, int otherwise) =>
        !Settings.TryGetValue(name, out var text) ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : throw new ArgumentException($"{Name}: --set {name}: not a whole number: '{text}'");

    /// <summary>How long each stretch of load lasts.</summary>
    public TimeSpan Seconds(int otherwise) => TimeSpan.FromSeconds(Setting("seconds", otherwise));

    /// <summary>Runs scenarios and says whether their thresholds were met.</summary>
    public bool RunScenarios(params ScenarioProps[] scenarios) => RunScenarios(Name, scenarios);

    /// <summary>The same under a name of its own, for suites of several runs.</summary>
    public bool RunScenarios(string name, params ScenarioProps[] scenarios)
    {
        var context = NBomberRunner.RegisterScenarios(scenarios).WithTestName(name).WithReportFileName(name);
        var result = (Folder is null ? context : context.WithReportFolder(Folder)).Run();
        return result.Thresholds.All(threshold => !threshold.IsFailed);
    }
}
