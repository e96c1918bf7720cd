using System.Text.Json.Nodes;
using Sidecar.Contract;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Tests.Injection;

public sealed class EligibilityTests
{
    private static readonly PodView Pod = new(JsonNode.Parse("""{"metadata":{},"spec":{"containers":[{"name":"web","image":"web:1"}]}}""")!.AsObject());
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void Judge_OwnNamespace_IsRefusedWhateverItsLabel() => Assert.Equal(SkipReason.OwnNamespace, Eligibility.Judge(Pod, Context("sidecar-system", "enabled"))?.Reason);

    [Fact]
    public void Judge_NamespaceWithoutLabel_IsNotLabelled() => Assert.Equal(SkipReason.NotLabelled, Eligibility.Judge(Pod, Context("shop", label: null))?.Reason);

    [Fact]
    public void Judge_UnknownNamespace_TrustsTheWebhooksSelector() =>
        Assert.Null(Eligibility.Judge(Pod, new PodContext("shop", NamespaceFacts: null, "sidecar-system", NativeSidecarsSupported: true, Workload: null)));

    [Fact]
    public void Inject_UnknownNamespace_IsInjectedWithAWarning()
    {
        var context = new PodContext("shop", NamespaceFacts: null, "sidecar-system", NativeSidecarsSupported: true, Workload: null);

        var outcome = new PodInjection(InjectorSettings.BuiltIn("1"), "1").Inject(Pod, context);

        Assert.Null(outcome.Skipped);
        Assert.Contains("namespace-unknown", Assert.Single(outcome.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(NativeSidecarMode.Auto, true, true)]
    [InlineData(NativeSidecarMode.Auto, false, false)]
    [InlineData(NativeSidecarMode.Always, false, true)]
    [InlineData(NativeSidecarMode.Never, true, false)]
    public void Inject_Form_FollowsModeThenCluster(NativeSidecarMode mode, bool supported, bool isNative)
    {
        var context = Context("shop", "enabled") with { NativeSidecarsSupported = supported };

        Assert.Equal(isNative, new PodInjection(InjectorSettings.BuiltIn("1") with { NativeSidecar = mode }, "1").Inject(Pod, context).Form!.IsNative);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"spec":[]}""")]
    [InlineData("""{"spec":{"containers":[]}}""")]
    [InlineData("""{"spec":{"containers":{}}}""")]
    [InlineData("""{"spec":{"containers":[1]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"},{"name":"a"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"$(A)"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"}],"volumes":{}}}""")]
    [InlineData("""{"metadata":1,"spec":{"containers":[{"name":"a"}]}}""")]
    [InlineData("""{"metadata":{"annotations":{"a":1}},"spec":{"containers":[{"name":"a"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"}],"terminationGracePeriodSeconds":-1}}""")]
    public void Judge_NoPod_IsMalformed(string json) =>
        Assert.Equal(SkipReason.MalformedPod, Eligibility.Judge(new PodView(JsonNode.Parse(json)!.AsObject()), Context("shop", "enabled"))?.Reason);

    [Fact]
    public void SkipReasons_AreKebabCaseAndUnique()
    {
        Assert.All(SkipReason.All, static reason => Assert.Matches("^[a-z]+(-[a-z]+)*$", reason.Word));
        Assert.Equal(SkipReason.All.Length, SkipReason.All.Select(static reason => reason.Word).Distinct().Count());
    }

    private static PodContext Context(string name, string? label) => new(
        name,
        new NamespaceFacts(label is null ? None : new Dictionary<string, string> { [Annotations.Inject] = label }, None),
        "sidecar-system",
        NativeSidecarsSupported: true,
        Workload: null);
}
