using Sidecar.Contract;

namespace Sidecar.Helm.Tests.Charts;

/// <summary>The configuration documents inside the rendered ConfigMaps, by the proxy's own judgement.</summary>
public class DocumentTests
{
    private const string Version = "1.34.0";

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Documents_Variant_AreAcceptedByTheProxy(string chart, string name)
    {
        var documents = (await new ChartVariant(chart, name).ManifestsAsync(Version)).Where(IsDocument).ToArray();

        foreach (var document in documents)
        {
            var result = await ProxyCommand.ValidateAsync(TextOf(document));
            Assert.True(result.ExitCode == ExitCodes.Ok, $"{document}: {result}");
        }

        Assert.Equal(chart == "sidecar-policies" || name == "many-namespaces", documents.Length > 0);
    }

    [HelmFact]
    public async Task Documents_OfBothCharts_AreAcceptedTogether()
    {
        var platform = (await new ChartVariant("sidecar", "many-namespaces").ManifestsAsync(Version)).Single(static manifest => IsDocument(manifest) && manifest.Namespace == "shop");
        var policies = (await new ChartVariant("sidecar-policies", "shop").ManifestsAsync(Version)).Single(IsDocument);

        var result = await ProxyCommand.ValidateAsync(TextOf(platform), TextOf(policies));

        Assert.True(result.ExitCode == ExitCodes.Ok, result.ToString());
        Assert.Contains("4 routes", result.Output, StringComparison.Ordinal);
    }

    [HelmFact]
    public async Task Documents_Names_AreThoseThatPodsMount()
    {
        var platform = (await new ChartVariant("sidecar", "many-namespaces").ManifestsAsync(Version)).Where(IsDocument).ToArray();
        var policies = (await new ChartVariant("sidecar-policies", "shop").ManifestsAsync(Version)).Single();

        Assert.All(platform, static manifest => Assert.Equal(PodNames.PlatformConfigMap, manifest.Name));
        Assert.Equal(["billing", "empty", "shop"], platform.Select(static manifest => manifest.Namespace));
        Assert.Equal((PodNames.PoliciesConfigMap, "shop"), (policies.Name, policies.Namespace));
    }

    [HelmTheory]
    [InlineData("off")]
    [InlineData("no")]
    [InlineData("false")]
    public async Task Documents_OffInValues_TakesThePolicyAway(string off)
    {
        // YAML 1.1 makes false of all three before Helm sees them, and the product takes false as off.
        var text = await TextOfAsync($"policies: {{ default: {{ retry: {off} }} }}\nroutes: {{ a: {{ direction: inbound, match: {{ path: /a }}, forwardTo: original }} }}");

        var result = await ProxyCommand.ValidateAsync(text);

        Assert.Contains("retry: false\n", text, StringComparison.Ordinal);
        Assert.True(result.ExitCode == ExitCodes.Ok, result.ToString());
    }

    [HelmFact]
    public async Task Documents_LargeNumbers_StayIntegers()
    {
        var manifest = (await new ChartVariant("sidecar-policies", "first-document").ManifestsAsync(Version)).Single();

        Assert.Contains("connections: 1000000\n", TextOf(manifest), StringComparison.Ordinal);
    }

    [HelmFact]
    public async Task Documents_TemplateInAValue_IsText()
    {
        var text = await TextOfAsync("routes: { a: { match: { path: '/{{ .Release.Name }}' }, forwardTo: original } }");

        Assert.Contains("/{{ .Release.Name }}", text, StringComparison.Ordinal);
    }

    private static async Task<string> TextOfAsync(string values)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, values);
            return TextOf(Manifest.ReadAll(await HelmCommand.RenderAsync("sidecar-policies", "shop", "--values", file)).Single());
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static bool IsDocument(Manifest manifest) => manifest.Kind == "ConfigMap" && manifest.Label(PodNames.DocumentLabel) == "true";

    private static string TextOf(Manifest manifest) => manifest.Text("data", PodNames.DocumentKey);
}
