using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Tests.Kubernetes;

public class VersionRuleTests
{
    [Theory]
    [InlineData("v1.32.0", 1, 32)]
    [InlineData("v1.29.3-gke.1282000", 1, 29)]
    [InlineData("v1.30+", 1, 30)]
    [InlineData("1.20.2", 1, 20)]
    [InlineData("6.18.0-13-amd64", 6, 18)]
    public void Parse_Version_GivesMajorAndMinor(string text, int major, int minor) =>
        Assert.Equal(new KubernetesVersion(major, minor), KubernetesVersion.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("v")]
    [InlineData("1")]
    [InlineData(".29")]
    [InlineData("1.")]
    [InlineData("one.two")]
    [InlineData("1.99999999999999")]
    [InlineData("-1.29")]
    public void Parse_Garbage_IsNothing(string? text) => Assert.Null(KubernetesVersion.Parse(text));

    [Theory]
    [InlineData("1.32", "", true)]
    [InlineData("2.0", "", true)]
    [InlineData("1.31", "1.29 1.31", true)]
    [InlineData("1.31", "1.29 1.28", false)]
    [InlineData("1.31", "1.29 garbage", false)]
    [InlineData("1.31", "", false)]
    [InlineData("1.31", null, false)]
    [InlineData("1.28", "1.29", false)]
    [InlineData(null, "1.31", false)]
    public void IsNative_ApiAndKubelets_FollowsTheRule(string? api, string? kubelets, bool expected)
    {
        var nodes = kubelets?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(version => new NodeFacts($"v{version}.1", "linux")).ToList();

        Assert.Equal(expected, VersionRule.IsNative(KubernetesVersion.Parse(api), nodes));
    }
}
