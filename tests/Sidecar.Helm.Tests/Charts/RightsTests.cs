namespace Sidecar.Helm.Tests.Charts;

/// <summary>What the injector may do in the cluster, and what its pods may do on a node.</summary>
public class RightsTests
{
    private const string Reading = """{"apiGroups":[""],"resources":["namespaces","nodes"],"verbs":["get","list","watch"]}""";
    private const string Counting = """{"apiGroups":[""],"resources":["pods"],"verbs":["list"]}""";
    private const string WritingCa = """{"apiGroups":["admissionregistration.k8s.io"],"resources":["mutatingwebhookconfigurations","validatingwebhookconfigurations"],"resourceNames":["sidecar-injector"],"verbs":["get","patch"]}""";

    [HelmFact]
    public async Task Rbac_OwnCertificate_IsNoMoreThanNeeded()
    {
        var manifests = await new ChartVariant("sidecar", "default").ManifestsAsync("1.34.0");

        Assert.Equal([Reading, Counting, WritingCa], Rules(manifests, "ClusterRole"));
        Assert.Equal(
            [
                """{"apiGroups":[""],"resources":["secrets"],"resourceNames":["sidecar-injector-certificate"],"verbs":["get","update"]}""",
                """{"apiGroups":[""],"resources":["secrets"],"verbs":["create"]}""",
            ],
            Rules(manifests, "Role"));
    }

    [HelmTheory]
    [InlineData("cert-manager")]
    [InlineData("supplied")]
    public async Task Rbac_CertificateOfSomebodyElse_WritesNothing(string variant)
    {
        var manifests = await new ChartVariant("sidecar", variant).ManifestsAsync("1.34.0");

        Assert.Equal([Reading, Counting], Rules(manifests, "ClusterRole"));
        Assert.DoesNotContain(manifests, static manifest => manifest is { Kind: "Role" or "RoleBinding", Name: "sidecar-injector" } or { Kind: "Secret" });
        Assert.Contains("--ca-bundle=leave", Arguments(manifests), StringComparison.Ordinal);
    }

    [HelmFact]
    public async Task Rbac_SuppliedWithoutCa_WritesTheConfigurationsOnly()
    {
        var manifests = await new ChartVariant("sidecar", "supplied-secret-only").ManifestsAsync("1.34.0");

        Assert.Equal([Reading, Counting, WritingCa], Rules(manifests, "ClusterRole"));
        Assert.DoesNotContain(manifests, static manifest => manifest is { Kind: "Role", Name: "sidecar-injector" });
        Assert.DoesNotContain("--ca-bundle", Arguments(manifests), StringComparison.Ordinal);
    }

    [HelmFact]
    public async Task Rbac_HelmTest_ReadsAndCreatesNothingUnlessAsked()
    {
        static bool Creates(string rule) => rule.Contains("create", StringComparison.Ordinal) || rule.Contains("secrets", StringComparison.Ordinal);

        var usual = await new ChartVariant("sidecar", "default").ManifestsAsync("1.34.0");
        var asked = await new ChartVariant("sidecar", "supplied-secret-only").ManifestsAsync("1.34.0");

        Assert.DoesNotContain(Rules(usual, "ClusterRole", "sidecar-injector-check").Concat(Rules(usual, "Role", "sidecar-injector-check")), Creates);
        Assert.Contains("""{"apiGroups":[""],"resources":["pods"],"verbs":["create"]}""", Rules(asked, "ClusterRole", "sidecar-injector-check"));
    }

    [HelmFact]
    public async Task Rbac_PodsNotCounted_MayNotBeListed() =>
        Assert.DoesNotContain(Counting, Rules(await new ChartVariant("sidecar", "minimal-rights").ManifestsAsync("1.34.0"), "ClusterRole"));

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task PolicyChart_Variant_HasNoRightsAtAll(string chart, string name)
    {
        if (chart != "sidecar-policies")
        {
            return;
        }

        var manifest = Assert.Single(await new ChartVariant(chart, name).ManifestsAsync("1.34.0"));
        Assert.Equal("ConfigMap", manifest.Kind);
    }

    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Pods_Variant_AreWithinTheRestrictedStandard(string chart, string name)
    {
        foreach (var manifest in await new ChartVariant(chart, name).ManifestsAsync("1.34.0"))
        {
            var pod = manifest.Kind switch { "Deployment" => manifest.At("spec", "template", "spec"), "Pod" => manifest.At("spec"), _ => null };
            foreach (var container in pod?["containers"]?.AsArray() ?? [])
            {
                Assert.Equal(
                    """{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true,"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}""",
                    container!["securityContext"]!.ToJsonString());
                Assert.NotNull(container["resources"]!["limits"]!["memory"]);
            }

            if (pod is not null)
            {
                Assert.Null(pod["hostNetwork"]);
                Assert.All(pod["volumes"]?.AsArray() ?? [], static volume => Assert.Null(volume!["hostPath"]));
                Assert.DoesNotContain(pod["containers"]!.AsArray(), static container => container!["ports"]?.AsArray().Any(static port => port!["hostPort"] is not null) == true);
            }
        }
    }

    [HelmFact]
    public async Task Disruption_OneReplica_HasNoBudget()
    {
        Assert.DoesNotContain(await new ChartVariant("sidecar", "minimal-rights").ManifestsAsync("1.34.0"), static manifest => manifest.Kind == "PodDisruptionBudget");
        Assert.Contains(await new ChartVariant("sidecar", "default").ManifestsAsync("1.34.0"), static manifest => manifest.Type == "policy/v1/PodDisruptionBudget");
        Assert.Contains(await new ChartVariant("sidecar", "default").ManifestsAsync("1.20.2"), static manifest => manifest.Type == "policy/v1beta1/PodDisruptionBudget");
    }

    private static string Arguments(IReadOnlyList<Manifest> manifests) =>
        manifests.Single(static manifest => manifest.Kind == "Deployment").At("spec", "template", "spec", "containers", "0", "args")!.ToJsonString();

    private static IEnumerable<string> Rules(IReadOnlyList<Manifest> manifests, string kind, string name = "sidecar-injector") =>
        manifests.Single(manifest => manifest.Kind == kind && manifest.Name == name).At("rules")!.AsArray().Select(static rule => rule!.ToJsonString());
}
