namespace Sidecar.Helm.Tests.Harness;

/// <summary>The real Helm: <c>SIDECAR_HELM</c>, else what tests/helm/tools.sh installed.</summary>
internal static class HelmCommand
{
    private const string Variable = "SIDECAR_HELM";

    private static readonly string Binary = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : Repository.PathOf("artifacts", "tools", "helm");

    // Nothing here may find a cluster, whatever the developer's shell and home know.
    private static readonly Dictionary<string, string> Hermetic = new(StringComparer.Ordinal)
    {
        ["KUBECONFIG"] = "", ["HOME"] = Repository.PathOf("artifacts", "tools", "home"),
    };

    /// <summary>Why there is no Helm; null when there is one. Decided at discovery, so that the tests are counted as skipped.</summary>
    public static string? SkipReason { get; } = File.Exists(Binary) ? null : $"needs Helm at {Binary}: tests/helm/tools.sh, or {Variable}";

    public static Task<CommandResult> RunAsync(params IEnumerable<string> arguments) => ProxyProcess.RunAsync(Binary, arguments, Hermetic);

    /// <summary>Renders a chart, or throws with what Helm said.</summary>
    public static async Task<string> RenderAsync(string chart, string @namespace, params IEnumerable<string> arguments)
    {
        var result = await TemplateAsync(chart, @namespace, arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    public static Task<CommandResult> TemplateAsync(string chart, string @namespace, params IEnumerable<string> arguments) =>
        RunAsync(["template", chart, Repository.PathOf("helm", chart), "--namespace", @namespace, .. arguments]);
}

/// <summary>A test that runs Helm; skipped with the reason where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HelmFactAttribute : FactAttribute
{
    public HelmFactAttribute() => Skip = HelmCommand.SkipReason;
}

/// <summary>As <see cref="HelmFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HelmTheoryAttribute : TheoryAttribute
{
    public HelmTheoryAttribute() => Skip = HelmCommand.SkipReason;
}
