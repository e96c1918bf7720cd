using System.Text.RegularExpressions;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Helm.Tests.Monitoring;

/// <summary>The dashboard and the alerts name metrics and label values that the code has, and each alert has its runbook entry.</summary>
public partial class MetricNamesTests
{
    // Prometheus' own.
    private static readonly string[] Foreign = ["up"];

    private static readonly Dictionary<string, InstrumentDefinition> Instruments = Proxy.Telemetry.Instruments.All.ToDictionary(PrometheusNames.Metric, StringComparer.Ordinal);

    public static TheoryData<string> Expressions => [.. AlertRules().Select(static rule => rule["expr"]!.GetValue<string>()).Concat(DashboardQueries())];

    [Theory]
    [MemberData(nameof(Expressions))]
    public void Expression_EveryMetric_IsInTheCode(string expression) =>
        Assert.All(MetricsOf(expression), static name => Assert.True(IsKnown(name), $"{name} is no metric of ours"));

    [Theory]
    [MemberData(nameof(Expressions))]
    public void Expression_EveryLabel_IsOneOfTheMetrics(string expression)
    {
        string[] added = ["namespace", "pod", "job", "le", "value"];
        var labels = MetricsOf(expression).Where(name => Instrument(name) is not null).SelectMany(name => Instrument(name)!.Labels).Select(PrometheusNames.Label).ToArray();
        if (labels.Length == 0)
        {
            return;
        }

        var used = Matcher().Matches(expression).Select(static match => match.Groups[1].Value)
            .Concat(By().Matches(expression).SelectMany(static match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)));
        Assert.Empty(used.Except(labels, StringComparer.Ordinal).Except(added, StringComparer.Ordinal));
    }

    [Fact]
    public void Alerts_Each_HasSeveritySummaryAndARunbookEntry()
    {
        var runbook = Repository.Read("deploy", "README.md");
        var names = AlertRules().Select(static rule => rule["alert"]!.GetValue<string>()).ToArray();

        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, name => Assert.Contains($"\n### {name}\n", runbook, StringComparison.Ordinal));
        Assert.All(AlertRules(), static rule =>
        {
            Assert.Contains(rule["labels"]!["severity"]!.GetValue<string>(), new[] { "critical", "warning", "info" });
            Assert.NotEmpty(rule["annotations"]!["summary"]!.GetValue<string>());
            Assert.NotEmpty(rule["annotations"]!["description"]!.GetValue<string>());
        });
        Assert.Equal(Heading().Matches(runbook).Select(static match => match.Groups[1].Value).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Dashboard_PanelIds_AreUnique()
    {
        var ids = Dashboard()["panels"]!.AsArray().Select(static panel => panel!["id"]!.GetValue<int>()).ToArray();

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [HelmFact]
    public async Task Monitoring_Rendered_HasEveryRuleWithItsLinkAndTheDashboard()
    {
        var manifests = await new ChartVariant("sidecar", "monitoring").ManifestsAsync("1.34.0");

        var rules = manifests.Single(static manifest => manifest.Kind == "PrometheusRule").At("spec", "groups")!.AsArray().SelectMany(static group => group!["rules"]!.AsArray()).ToArray();
        Assert.Equal(AlertRules().Select(static rule => rule["alert"]!.GetValue<string>()), rules.Select(static rule => rule!["alert"]!.GetValue<string>()));
        Assert.All(rules, static rule => Assert.Equal(
            $"https://wiki.example.com/sidecar#{rule!["alert"]!.GetValue<string>().ToLowerInvariant()}", rule["annotations"]!["runbook_url"]!.GetValue<string>()));
        Assert.True(JsonNode.DeepEquals(Dashboard(), JsonNode.Parse(manifests.Single(static manifest => manifest.Name == "sidecar-dashboard").Text("data", "sidecar.json"))));
    }

    private static bool IsKnown(string name) => Foreign.Contains(name) || Instrument(name) is not null || IsOfInjector(name);

    private static InstrumentDefinition? Instrument(string name) =>
        Instruments.GetValueOrDefault(name)
        ?? (HistogramSuffix().Match(name) is { Success: true } match && Instruments.GetValueOrDefault(name[..match.Index]) is { Kind: InstrumentKind.Histogram } histogram ? histogram : null);

    // The injector writes its metrics by their Prometheus names, so its source has them as they are.
    private static bool IsOfInjector(string name) =>
        Directory.EnumerateFiles(Repository.PathOf("src", "Sidecar.Injector"), "*.cs", SearchOption.AllDirectories)
            .Any(file => File.ReadAllText(file).Contains(name, StringComparison.Ordinal));

    // Metrics of ours and of the semantic conventions all have an underscore; functions and labels that have one are followed
    // by a parenthesis or stand in braces and after `by`.
    private static IEnumerable<string> MetricsOf(string expression) =>
        Word().Matches(By().Replace(Braces().Replace(Text().Replace(expression, "\"\""), ""), "")).Select(static match => match.Value).Distinct(StringComparer.Ordinal);

    private static IEnumerable<JsonNode> AlertRules() =>
        YamlText.Read(Repository.Read("helm", "sidecar", "alerts.yaml"))!["groups"]!.AsArray().SelectMany(static group => group!["rules"]!.AsArray()).Select(static rule => rule!);

    private static JsonNode Dashboard() => JsonNode.Parse(Repository.Read("helm", "sidecar", "dashboards", "sidecar.json"))!;

    private static IEnumerable<string> DashboardQueries() =>
        Dashboard()["panels"]!.AsArray().SelectMany(static panel => panel!["targets"]?.AsArray() ?? []).Select(static target => target!["expr"]!.GetValue<string>());

    [GeneratedRegex(@"\b(up|[a-z]+(_[a-z]+)+)\b(?!\s*\()")]
    private static partial Regex Word();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Braces();

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex By();

    [GeneratedRegex("([a-z_]+)(?:=~|!=|!~|=)\"")]
    private static partial Regex Matcher();

    [GeneratedRegex("_(bucket|count|sum)$")]
    private static partial Regex HistogramSuffix();

    [GeneratedRegex(@"^### (Sidecar\w+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
