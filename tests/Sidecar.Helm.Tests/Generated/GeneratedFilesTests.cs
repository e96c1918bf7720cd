namespace Sidecar.Helm.Tests.Generated;

/// <summary>Files that are made from others are current; helm/generate.sh rewrites them.</summary>
[Trait("Category", "Generated")]
public class GeneratedFilesTests
{
    public static TheoryData<string> Charts => [.. ChartVariant.Charts];

    [Fact]
    public void PlatformSchema_Definitions_AreTheDocuments() =>
        Repository.Verify("helm/sidecar/values.schema.json", ValuesSchema.ForPlatform(Repository.Read("helm", "sidecar", "values.schema.json")));

    [Fact]
    public void PoliciesSchema_All_IsTheDocuments() => Repository.Verify("helm/sidecar-policies/values.schema.json", ValuesSchema.ForPolicies());

    [Theory]
    [MemberData(nameof(Charts))]
    public void Readme_Table_IsMadeFromValues(string chart) =>
        Repository.Verify($"helm/{chart}/README.md", ValuesReference.InReadme(Repository.Read("helm", chart, "README.md"), ValuesReference.Read(Repository.Read("helm", chart, "values.yaml"))));
}
