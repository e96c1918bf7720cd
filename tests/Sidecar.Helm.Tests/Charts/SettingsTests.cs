using System.Text.RegularExpressions;
using Sidecar.Contract;

namespace Sidecar.Helm.Tests.Charts;

/// <summary>The injector's settings file and the annotations that may replace its defaults.</summary>
public partial class SettingsTests
{
    private static readonly string[] WithoutDefault = [Annotations.Prefix, Annotations.Inject, Annotations.Status];

    private static readonly string[] Keys = ["images", "nativeSidecar", "redirectBackend", "defaults", "environment"];

    private static readonly string[] DefaultKeys =
    [
        "skipOutboundPorts", "skipInboundPorts", "skipOutboundCidrs", "opaquePorts", "config", "logLevel", "cpuRequest", "memoryRequest", "memoryLimit", "interception",
    ];

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Settings_Variant_HaveExactlyTheKeysThatTheInjectorReads(string chart, string name)
    {
        if (chart != "sidecar")
        {
            return;
        }

        var settings = await SettingsAsync(name);

        Assert.Equal(Keys, settings.Select(static member => member.Key));
        Assert.Equal(["proxy", "init", "pullPolicy"], settings["images"]!.AsObject().Select(static member => member.Key));
        Assert.Equal(DefaultKeys.Order(StringComparer.Ordinal), settings["defaults"]!.AsObject().Select(static member => member.Key).Order(StringComparer.Ordinal));
        Assert.All(settings["defaults"]!.AsObject(), static member => Assert.Equal(System.Text.Json.JsonValueKind.String, member.Value!.GetValueKind()));
        Assert.All(settings["environment"]!.AsObject(), static member => Assert.Matches("^OTEL_", member.Key));
    }

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Settings_Variant_AreReadByTheInjector(string chart, string name)
    {
        const string Pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: shop }\nspec: { containers: [{ name: web, image: web }] }\n";
        if (chart != "sidecar")
        {
            return;
        }

        var text = await TextAsync(name);
        var result = await InjectorCommand.InjectAsync(text, Pod);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains(YamlText.Read(text)!["images"]!["proxy"]!.GetValue<string>(), result.Output, StringComparison.Ordinal);
    }

    [HelmFact]
    public async Task Settings_EverythingSet_ArrivesAsWritten()
    {
        var settings = await SettingsAsync("proxy-settings");

        Assert.Equal("never", settings["nativeSidecar"]!.GetValue<string>());
        Assert.Equal("iptables", settings["redirectBackend"]!.GetValue<string>());
        Assert.StartsWith("registry.example.com/sidecar-proxy@sha256:", settings["images"]!["proxy"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("25,3000-3010", settings["defaults"]!["skipOutboundPorts"]!.GetValue<string>());
        Assert.Equal("9000", settings["defaults"]!["skipInboundPorts"]!.GetValue<string>());
        Assert.Equal("off", settings["environment"]!["OTEL_TRACES_SAMPLER"]!.GetValue<string>());
    }

    [HelmFact]
    public async Task Settings_Changed_RollTheInjectorsPods()
    {
        async Task<string> ChecksumAsync(string name) => (await new ChartVariant("sidecar", name).ManifestsAsync("1.34.0"))
            .Single(static manifest => manifest.Kind == "Deployment").Text("spec", "template", "metadata", "annotations", "checksum/settings");

        Assert.Equal(await ChecksumAsync("default"), await ChecksumAsync("minimal-rights"));
        Assert.NotEqual(await ChecksumAsync("default"), await ChecksumAsync("proxy-settings"));
    }

    [Fact]
    public void Annotations_EachWithADefault_HasItsValueAndNoValueIsWithout() =>
        Assert.Equal(AnnotationsWithDefault().Select(ValueKey).Order(StringComparer.Ordinal), ValueKeys().Order(StringComparer.Ordinal));

    [Fact]
    public void Annotations_Readme_ListsEachWithItsValue()
    {
        var readme = Repository.Read("helm", "sidecar", "README.md");

        Assert.All(AnnotationsWithDefault(), annotation => Assert.Contains($"| `{annotation}` | `proxy.defaults.{ValueKey(annotation)}` |", readme, StringComparison.Ordinal));
        Assert.Contains($"`{Annotations.Inject}`", readme, StringComparison.Ordinal);
        Assert.Contains($"`{Annotations.Status}`", readme, StringComparison.Ordinal);
    }

    private static async Task<JsonObject> SettingsAsync(string name) => YamlText.Read(await TextAsync(name))!.AsObject();

    private static async Task<string> TextAsync(string name) => (await new ChartVariant("sidecar", name).ManifestsAsync("1.34.0"))
        .Single(static manifest => manifest.Name == "sidecar-injector-settings").Text("data", "settings.yaml");

    private static IEnumerable<string> ValueKeys() =>
        YamlText.Read(Repository.Read("helm", "sidecar", "values.yaml"))!["proxy"]!["defaults"]!.AsObject().Select(static member => member.Key);

    // Every constant of the class, read from its source: a new annotation without a value fails here.
    private static IEnumerable<string> AnnotationsWithDefault() =>
        AnnotationName().Matches(Repository.Read("src", "Sidecar.Contract", "Annotations.cs"))
            .Select(static match => Annotations.Prefix + match.Groups[1].Value)
            .Except(WithoutDefault, StringComparer.Ordinal);

    private static string ValueKey(string annotation) => Dash().Replace(annotation[Annotations.Prefix.Length..], static match => match.Groups[1].Value.ToUpperInvariant());

    [GeneratedRegex("""= Prefix \+ "([a-z-]+)";""")]
    private static partial Regex AnnotationName();

    [GeneratedRegex("-([a-z])")]
    private static partial Regex Dash();
}
