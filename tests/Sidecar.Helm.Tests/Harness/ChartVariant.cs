namespace Sidecar.Helm.Tests.Harness;

/// <summary>A file <c>ci/NAME-values.yaml</c> of a chart. Its lines <c># helm: …</c> are further arguments of Helm.</summary>
internal sealed record ChartVariant(string Chart, string Name)
{
    private const string ArgumentsMark = "# helm: ";
    private const string Suffix = "-values.yaml";

    /// <summary>The oldest version that the charts support, and the one that the strict check knows.</summary>
    public static readonly string[] KubernetesVersions = ["1.20.2", "1.34.0"];

    public static readonly string[] Charts = ["sidecar", "sidecar-policies"];

    public static IEnumerable<ChartVariant> All { get; } =
    [
        .. from chart in Charts
           from file in Directory.GetFiles(Repository.PathOf("helm", chart, "ci"), "*" + Suffix).Order(StringComparer.Ordinal)
           select new ChartVariant(chart, Path.GetFileName(file)[..^Suffix.Length]),
    ];

    /// <summary>The namespace that the examples install into.</summary>
    public string Namespace => Chart == "sidecar" ? "sidecar-system" : "shop";

    public string ValuesFile => Repository.PathOf("helm", Chart, "ci", Name + Suffix);

    private IEnumerable<string> Arguments => File.ReadLines(ValuesFile)
        .Where(static line => line.StartsWith(ArgumentsMark, StringComparison.Ordinal))
        .SelectMany(static line => line[ArgumentsMark.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public Task<string> RenderAsync(string kubernetesVersion, params IEnumerable<string> more) =>
        HelmCommand.RenderAsync(Chart, Namespace, ["--values", ValuesFile, "--kube-version", kubernetesVersion, .. Arguments, .. more]);

    public async Task<IReadOnlyList<Manifest>> ManifestsAsync(string kubernetesVersion) => Manifest.ReadAll(await RenderAsync(kubernetesVersion));

    public override string ToString() => $"{Chart}/{Name}";
}

/// <summary>Every variant as test data.</summary>
internal sealed class ChartVariants : TheoryData<string, string>
{
    public ChartVariants()
    {
        foreach (var variant in ChartVariant.All)
        {
            Add(variant.Chart, variant.Name);
        }
    }
}
