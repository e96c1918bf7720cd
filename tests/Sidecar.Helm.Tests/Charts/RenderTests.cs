using Sidecar.Helm.Tests.Manifests;

namespace Sidecar.Helm.Tests.Charts;

/// <summary>What the charts render for each file under <c>ci/</c>.</summary>
public class RenderTests
{
    private const string Oldest = "1.20.2", Newest = "1.34.0";

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    [Trait("Category", "Golden")]
    public async Task Template_Variant_IsTheReviewedText(string chart, string name)
    {
        var variant = new ChartVariant(chart, name);

        Repository.Verify($"tests/Sidecar.Helm.Tests/golden/{chart}/{name}.yaml", await variant.RenderAsync(Newest));
    }

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Template_OldestVersion_DiffersInTheDisruptionBudgetOnly(string chart, string name)
    {
        var variant = new ChartVariant(chart, name);

        var oldest = await variant.RenderAsync(Oldest);

        Assert.Equal(await variant.RenderAsync(Newest), oldest.Replace("apiVersion: policy/v1beta1\n", "apiVersion: policy/v1\n", StringComparison.Ordinal));
    }

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Template_Variant_IsWhatAStrictApiServerTakes(string chart, string name)
    {
        foreach (var version in ChartVariant.KubernetesVersions)
        {
            var manifests = await new ChartVariant(chart, name).ManifestsAsync(version);

            Assert.NotEmpty(manifests);
            Assert.Empty(manifests.SelectMany(static manifest => StrictSchema.Problems(manifest.Node).Select(problem => $"{manifest}: {problem}")));
        }
    }

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Template_Variant_NamesEachObjectOnceAndInANamespace(string chart, string name)
    {
        string[] clusterWide = ["ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

        var manifests = await new ChartVariant(chart, name).ManifestsAsync(Newest);

        Assert.Equal(manifests.Count, manifests.Select(static manifest => manifest.ToString()).Distinct(StringComparer.Ordinal).Count());
        Assert.All(manifests, manifest => Assert.Equal(clusterWide.Contains(manifest.Kind), manifest.Namespace is null));
    }

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Lint_VariantStrictly_HasNoWarning(string chart, string name)
    {
        var result = await HelmCommand.RunAsync("lint", "--strict", Repository.PathOf("helm", chart), "--namespace", "sidecar-system", "--values", new ChartVariant(chart, name).ValuesFile);

        // Lint knows no API versions beside the built-in ones, and cert-manager is asked for by name.
        if (name.StartsWith("cert-manager", StringComparison.Ordinal))
        {
            Assert.Contains("this cluster does not know cert-manager.io/v1", result.Output + result.Error, StringComparison.Ordinal);
            return;
        }

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain("[WARNING]", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sidecar")]
    [InlineData("sidecar-policies")]
    public void Chart_Versions_AreTheProducts(string chart)
    {
        var described = YamlText.Read(Repository.Read("helm", chart, "Chart.yaml"))!;
        var version = System.Xml.Linq.XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;

        Assert.Equal(version, described["version"]!.GetValue<string>());
        Assert.Equal(version, described["appVersion"]!.GetValue<string>());
    }
}
