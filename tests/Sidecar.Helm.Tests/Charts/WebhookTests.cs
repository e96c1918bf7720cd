namespace Sidecar.Helm.Tests.Charts;

/// <summary>PRODUCT §5: which pods and ConfigMaps the API server asks about, and what happens when nobody answers.</summary>
public class WebhookTests
{
    private const string Version = "1.34.0";

    [HelmFact]
    public async Task Pods_TwoEntries_SelectWhatTheNamespaceOrThePodAsksFor()
    {
        const string Selectors = """
            [
              {"name":"pods-by-namespace.sidecarproxy.io",
               "namespaceSelector":{"matchExpressions":[{"key":"sidecarproxy.io/inject","operator":"In","values":["enabled"]},{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["kube-system","sidecar-system"]}]},
               "objectSelector":{"matchExpressions":[{"key":"sidecarproxy.io/inject","operator":"NotIn","values":["disabled"]}]}},
              {"name":"pods-by-label.sidecarproxy.io",
               "namespaceSelector":{"matchExpressions":[{"key":"sidecarproxy.io/inject","operator":"NotIn","values":["enabled"]},{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["kube-system","sidecar-system"]}]},
               "objectSelector":{"matchExpressions":[{"key":"sidecarproxy.io/inject","operator":"In","values":["enabled"]}]}}
            ]
            """;

        var webhooks = (await WebhooksAsync("default", "MutatingWebhookConfiguration")).AsArray();

        var selectors = new JsonArray([.. webhooks.Select(static webhook => new JsonObject
        {
            ["name"] = webhook!["name"]!.DeepClone(), ["namespaceSelector"] = webhook["namespaceSelector"]!.DeepClone(), ["objectSelector"] = webhook["objectSelector"]!.DeepClone(),
        })]);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Selectors), selectors), selectors.ToJsonString());
        Assert.All(webhooks, static webhook => AssertContract(webhook!, "/inject", "Ignore", 5));
        Assert.All(webhooks, static webhook => Assert.Equal("IfNeeded", webhook!["reinvocationPolicy"]!.GetValue<string>()));
    }

    [HelmFact]
    public async Task Pods_FailurePolicyFail_IsBothEntries()
    {
        var webhooks = await WebhooksAsync("ha", "MutatingWebhookConfiguration");

        Assert.All(webhooks.AsArray(), static webhook => AssertContract(webhook!, "/inject", "Fail", 10));
    }

    [HelmFact]
    public async Task Documents_ByLabel_AreValidatedOnCreateAndUpdate()
    {
        var webhook = (await WebhooksAsync("default", "ValidatingWebhookConfiguration")).AsArray().Single()!;

        Assert.Equal("""{"matchLabels":{"sidecarproxy.io/document":"true"}}""", webhook["objectSelector"]!.ToJsonString());
        Assert.Equal("""[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["configmaps"],"scope":"Namespaced"}]""", webhook["rules"]!.ToJsonString());
        AssertContract(webhook, "/validate", "Ignore", 5);
    }

    [HelmTheory]
    [InlineData("default")]
    [InlineData("cert-manager")]
    public async Task CaBundle_WrittenBySomebodyElse_IsNotRendered(string variant)
    {
        // An upgrade merges three ways: what no version of the chart renders, it leaves alone.
        foreach (var kind in new[] { "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration" })
        {
            Assert.All((await WebhooksAsync(variant, kind)).AsArray(), static webhook => Assert.False(webhook!["clientConfig"]!.AsObject().ContainsKey("caBundle")));
        }
    }

    [HelmFact]
    public async Task CaBundle_Supplied_IsRendered()
    {
        foreach (var kind in new[] { "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration" })
        {
            Assert.All((await WebhooksAsync("supplied", kind)).AsArray(), static webhook => Assert.StartsWith(
                "-----BEGIN CERTIFICATE-----",
                System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(webhook!["clientConfig"]!["caBundle"]!.GetValue<string>())),
                StringComparison.Ordinal));
        }
    }

    [HelmFact]
    public async Task CertManager_Both_AreAnnotatedAndTheCertificateHasTheServicesNames()
    {
        var manifests = await new ChartVariant("sidecar", "cert-manager").ManifestsAsync(Version);

        Assert.All(
            manifests.Where(static manifest => manifest.Kind.EndsWith("WebhookConfiguration", StringComparison.Ordinal)),
            static manifest => Assert.Equal("sidecar-system/sidecar-injector", manifest.Text("metadata", "annotations", "cert-manager.io/inject-ca-from")));
        var certificate = manifests.Single(static manifest => manifest is { Kind: "Certificate", Name: "sidecar-injector" });
        Assert.Contains("sidecar-injector.sidecar-system.svc", certificate.At("spec", "dnsNames")!.AsArray().Select(static name => name!.GetValue<string>()));
        var mounted = manifests.Single(static manifest => manifest.Kind == "Deployment").At("spec", "template", "spec", "volumes", "1", "secret", "secretName")!.GetValue<string>();
        Assert.Equal(certificate.Text("spec", "secretName"), mounted);
    }

    [HelmFact]
    public async Task OwnPods_Labels_KeepTheWebhookAway()
    {
        var manifests = await new ChartVariant("sidecar", "default").ManifestsAsync(Version);

        Assert.Equal("disabled", manifests.Single(static manifest => manifest.Kind == "Deployment").Text("spec", "template", "metadata", "labels", "sidecarproxy.io/inject"));
        Assert.Equal("disabled", manifests.Single(static manifest => manifest.Kind == "Pod").Label("sidecarproxy.io/inject"));
    }

    private static void AssertContract(JsonNode webhook, string path, string failurePolicy, int timeout)
    {
        Assert.Equal("None", webhook["sideEffects"]!.GetValue<string>());
        Assert.Equal(failurePolicy, webhook["failurePolicy"]!.GetValue<string>());
        Assert.Equal(timeout, webhook["timeoutSeconds"]!.GetValue<long>());
        Assert.Equal("""["v1"]""", webhook["admissionReviewVersions"]!.ToJsonString());
        Assert.Equal($$"""{"name":"sidecar-injector","namespace":"sidecar-system","path":"{{path}}","port":443}""", webhook["clientConfig"]!["service"]!.ToJsonString());
    }

    private static async Task<JsonNode> WebhooksAsync(string variant, string kind) =>
        (await new ChartVariant("sidecar", variant).ManifestsAsync(Version)).Single(manifest => manifest.Kind == kind).At("webhooks")!;
}
