using Sidecar.Contract;
using Sidecar.Helm.Tests.Manifests;

namespace Sidecar.Helm.Tests.Deploy;

/// <summary>The manifests under deploy/examples, as far as they can be judged without a cluster.</summary>
public class ExampleTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Repository.PathOf("deploy", "examples"), "*.yaml").Select(static path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Example_Manifests_AreWhatAStrictApiServerTakes(string file)
    {
        var manifests = Manifest.ReadAll(Repository.Read("deploy", "examples", file));

        Assert.NotEmpty(manifests);
        Assert.Empty(manifests.SelectMany(static manifest => StrictSchema.Problems(manifest.Node).Select(problem => $"{manifest}: {problem}")));
    }

    [Fact]
    public async Task Example_Policies_AreAcceptedAndMarkedForValidation()
    {
        var policies = Assert.Single(Manifest.ReadAll(Repository.Read("deploy", "examples", "10-policies.yaml")));

        var result = await ProxyCommand.ValidateAsync(policies.Text("data", PodNames.DocumentKey));

        Assert.True(result.ExitCode == ExitCodes.Ok, result.ToString());
        Assert.Equal((PodNames.PoliciesConfigMap, "true"), (policies.Name, policies.Label(PodNames.DocumentLabel)));
    }

    [Fact]
    public void Example_Namespace_AsksForSidecars() =>
        Assert.Equal("enabled", Assert.Single(Manifest.ReadAll(Repository.Read("deploy", "examples", "00-namespace.yaml"))).Label(Annotations.Inject));
}
