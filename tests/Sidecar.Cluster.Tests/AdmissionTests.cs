namespace Sidecar.Cluster.Tests;

/// <summary>
/// The injector behind a real API server: what it answers must be a patch that the server applies and validates, and what it
/// refuses must reach whoever asked.
/// </summary>
public sealed class AdmissionTests(ApiServer server) : IClassFixture<ApiServer>
{
    [ApiServerFact]
    public async Task Pod_InLabelledNamespace_HasSidecarInPlainForm()
    {
        var pod = await server.DryRunAsync(ApiServer.Labelled, Pods.Plain("plain"));

        Assert.Equal(["sidecar-proxy", "app"], pod.Containers);
        Assert.Equal(["sidecar-init"], pod.InitContainers);
        Assert.Equal("/app-health/app/readiness", (string?)pod.Object!["spec"]!["containers"]![1]!["readinessProbe"]!["httpGet"]!["path"]);
    }

    [ApiServerFact]
    public async Task Pod_DryRun_StoresNothing()
    {
        await server.DryRunAsync(ApiServer.Labelled, Pods.Plain("not-stored"));

        Assert.Empty(await server.KubectlAsync("--namespace", ApiServer.Labelled, "get", "pod", "not-stored", "--ignore-not-found"));
    }

    [ApiServerFact]
    public async Task Deployment_PodsWithGeneratedNames_HaveSidecar()
    {
        await server.CreateAsync(ApiServer.Labelled, Pods.Deployment("workload"));

        var containers = "";
        await Patience.Eventually(
            async () => (containers = await server.KubectlAsync(
                "--namespace", ApiServer.Labelled, "get", "pods", "--selector", "app=workload",
                "--output", "jsonpath={range .items[*]}{.spec.containers[*].name};{end}")).Length > 0 && containers.Count(';') == 2,
            "the replica set made two pods");
        Assert.Equal("sidecar-proxy app;sidecar-proxy app;", containers);
    }

    [ApiServerFact]
    public async Task Pod_CalledAgainAfterTheServiceAccountPlugin_IsNotInjectedTwice()
    {
        var before = Repeated(await server.MetricsAsync());

        // The plugin adds the token's volume after the first call, so the server calls again.
        var pod = await server.CreateAsync(ApiServer.Labelled, Pods.Plain("again"));

        Assert.Equal(["sidecar-proxy", "app"], pod.Containers);
        Assert.True(Repeated(await server.MetricsAsync()) > before, "the injector was called once only");
    }

    [ApiServerFact]
    public async Task Pod_OptedOut_IsLeftAlone()
    {
        var pod = await server.DryRunAsync(ApiServer.Labelled, Pods.Plain("out", labels: "sidecarproxy.io/inject: disabled"));

        Assert.Equal(["app"], pod.Containers);
    }

    [ApiServerFact]
    public async Task Pod_OnHostNetwork_IsSkippedWithWarning()
    {
        var pod = await server.DryRunAsync(ApiServer.Labelled, Pods.Plain("host", spec: "hostNetwork: true"));

        Assert.Equal(["app"], pod.Containers);
        Assert.Matches("Warning: .*host-network", pod.Said);
    }

    [ApiServerFact]
    public async Task Pod_AsksInUnlabelledNamespace_HasSidecar()
    {
        var asks = await server.DryRunAsync("default", Pods.Plain("asks", labels: "sidecarproxy.io/inject: enabled"));
        var silent = await server.DryRunAsync("default", Pods.Plain("silent"));

        Assert.True(asks.Has("sidecar-proxy"));
        Assert.Equal(["app"], silent.Containers);
    }

    [ApiServerFact]
    public async Task Pod_OfTheInjectorsOwnNamespaceOrKubeSystem_IsLeftAlone()
    {
        // Kubernetes 1.20 gives namespaces no name label, so the webhook's selector does not exclude them: the injector does.
        foreach (var space in new[] { ApiServer.Own, "kube-system" })
        {
            var pod = await server.DryRunAsync(space, Pods.Plain("own", labels: "sidecarproxy.io/inject: enabled"));
            Assert.Equal(["app"], pod.Containers);
        }
    }

    [ApiServerFact]
    public async Task Document_WithMistakes_IsRefusedWithEveryMistake()
    {
        var refused = await server.CreateAsync("default", Pods.Document("bad", "{ retry: { maxRetries: many }, timeouts: { reqest: 5s } }"));

        Assert.Null(refused.Object);
        Assert.Contains("maxRetries", refused.Said, StringComparison.Ordinal);
        Assert.Contains("reqest", refused.Said, StringComparison.Ordinal);
    }

    [ApiServerFact]
    public async Task Document_WithoutMistakes_IsStored() =>
        Assert.NotNull((await server.CreateAsync("default", Pods.Document("good", "{ retry: { maxRetries: 2 } }"))).Object);

    [ApiServerFact]
    public async Task InjectorDown_FailurePolicy_DecidesAboutThePod()
    {
        await server.StopInjectorAsync();
        try
        {
            var ignored = await server.DryRunAsync(ApiServer.Labelled, Pods.Plain("ignored"));
            Assert.Equal(["app"], ignored.Containers);

            await server.SetFailurePolicyAsync("Fail");
            Admitted refused = null!;
            await Patience.Eventually(
                async () => (refused = await server.DryRunAsync(ApiServer.Labelled, Pods.Plain("refused"))).Object is null,
                "the API server refuses");
            Assert.Contains("failed calling webhook \"pods-by-namespace.sidecarproxy.io\"", refused.Said, StringComparison.Ordinal);
        }
        finally
        {
            await server.SetFailurePolicyAsync("Ignore");
            await server.StartInjectorAsync();
        }
    }

    private static double Repeated(string metrics) =>
        metrics.Split('\n')
            .Where(line => line.StartsWith("sidecar_injector_decisions_total", StringComparison.Ordinal) && line.Contains("already-injected", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
}
