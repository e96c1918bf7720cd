using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sidecar.Injector.Checks;
using Sidecar.Injector.Kubernetes;
using Sidecar.Injector.Tests.Certificates;
using Sidecar.Injector.Tests.Kubernetes;
using Sidecar.TestKit;

namespace Sidecar.Injector.Tests.Checks;

public sealed class ClusterCheckTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new();
    private FakeApiServer _server = null!;
    private ApiClient _api = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _api = new ApiClient(_server.Endpoint, _clock);
        _server.Put("/apis/admissionregistration.k8s.io/v1", """{"resources":[{"name":"mutatingwebhookconfigurations"},{"name":"validatingwebhookconfigurations"}]}""");
        _server.GitVersion = "v1.30.2";
        PutNode("a", "v1.30.2", "6.1.0-18-amd64");
        _server.Put("/api/v1/namespaces/shop", """{"metadata":{"name":"shop","labels":{"sidecarproxy.io/inject":"enabled"}}}""");
    }

    public async Task DisposeAsync()
    {
        _api.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Run_InstalledCluster_IsAllWell()
    {
        await InstallAsync();
        PutPod("shop", "with", "\"containers\":[{\"name\":\"app\"}],\"initContainers\":[{\"name\":\"sidecar-proxy\"}]");

        var (lines, code) = await CheckAsync();

        Assert.Equal(
            [
                $"ok    API server: {_server.Endpoint.Server.GetLeftPart(UriPartial.Authority)}, version 1.30",
                "ok    admissionregistration.k8s.io/v1: served",
                "ok    form of the sidecar: native sidecar (API server 1.30)",
                "ok    kernel: 5.2 or newer on the one Linux node: redirectBackend nft works",
                "ok    namespaces: 1 labelled sidecarproxy.io/inject=enabled: shop",
                "ok    MutatingWebhookConfiguration sidecar-injector: caBundle trusts the serving certificate, which is valid until 2026-04-01",
                "ok    ValidatingWebhookConfiguration sidecar-injector: caBundle trusts the serving certificate, which is valid until 2026-04-01",
                "ok    Service sidecar-system/sidecar-injector: 2 endpoints are ready",
                "ok    webhook: a labelled pod in shop gets its sidecar (dry run)",
                "ok    labelled pods: none is without a sidecar",
            ],
            lines);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Run_NothingInstalled_SaysWhatIsMissing()
    {
        var (lines, code) = await CheckAsync();

        Assert.Equal(1, code);
        Assert.Contains(lines, static line => line.StartsWith("fail  MutatingWebhookConfiguration sidecar-injector: is missing", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith("warn  ValidatingWebhookConfiguration sidecar-injector: is missing", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith("fail  Service sidecar-system/sidecar-injector: is missing", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith("fail  webhook: a labelled pod in shop comes back without a sidecar (dry run); the API server does not reach", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_Before_LooksOnlyAtWhatMustBeThere()
    {
        _server.Intercept = static async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("selfsubjectaccessreviews", StringComparison.Ordinal))
            {
                return false;
            }

            using var reader = new StreamReader(context.Request.Body);
            var isAllowed = !(await reader.ReadToEndAsync()).Contains("clusterroles", StringComparison.Ordinal);
            await context.Response.WriteAsync(new JsonObject { ["status"] = new JsonObject { ["allowed"] = isAllowed } }.ToJsonString());
            return true;
        };

        var (lines, code) = await CheckAsync(isBefore: true);

        Assert.Equal("warn  permissions: no right to create clusterroles; install the chart as a cluster administrator", lines[^1]);
        Assert.Equal(6, lines.Count);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Run_OldClusterAndStrangeNamespaces_SaysWhatFollows()
    {
        _server.GitVersion = "v1.20.2";
        PutNode("a", "v1.20.2", "4.18.0-305.el8");
        _server.Put("/api/v1/namespaces/strict", """{"metadata":{"name":"strict","labels":{"sidecarproxy.io/inject":"enabled","pod-security.kubernetes.io/enforce":"restricted"}}}""");
        _server.Put("/api/v1/namespaces/plain", """{"metadata":{"name":"plain","labels":{"sidecarproxy.io/inject":"enabled","pod-security.kubernetes.io/enforce":"restricted"},"annotations":{"sidecarproxy.io/interception":"none"}}}""");
        _server.Put("/api/v1/namespaces/typo", """{"metadata":{"name":"typo","labels":{"sidecarproxy.io/inject":"yes"}}}""");
        _server.Put("/api/v1/namespaces/kube-system", """{"metadata":{"name":"kube-system","labels":{"sidecarproxy.io/inject":"enabled"}}}""");

        var (lines, code) = await CheckAsync(isBefore: true);

        Assert.Contains("warn  form of the sidecar: plain container with a start gate; Jobs must POST /quitquitquit to end: API server 1.20 is older than 1.29", lines);
        Assert.Contains("warn  kernel: older than 5.2 on a (4.18.0-305.el8); set injector.redirectBackend: iptables", lines);
        Assert.Contains(lines, static line => line.StartsWith("fail  namespace strict: Pod Security level restricted refuses sidecar-init", StringComparison.Ordinal));
        Assert.Contains("ok    namespace plain: Pod Security level restricted admits what is injected", lines);
        Assert.Contains("warn  namespace typo: label sidecarproxy.io/inject is 'yes'; write enabled or disabled", lines);
        Assert.Contains("warn  namespace kube-system: is labelled, and nothing is ever injected there; remove the label", lines);
        Assert.Equal(1, code);
    }

    [Fact]
    public async Task Run_ServerAway_SaysItAndNothingElse()
    {
        _server.Intercept = static context => FakeApiServer.RefuseAsync(context, 401, "Unauthorized");

        var (lines, code) = await CheckAsync();

        Assert.Equal("fail  API server: GET /version: 401, Unauthorized; check the credentials", Assert.Single(lines));
        Assert.Equal(1, code);
    }

    [Fact]
    public async Task Run_WebhookRefusesThePod_ShowsItsWarning()
    {
        await InstallAsync();
        _server.Intercept = static async context =>
        {
            if (!context.Request.Query.ContainsKey("dryRun"))
            {
                return false;
            }

            context.Response.Headers.Warning = "299 - \"sidecar not injected: namespace-unknown\"";
            await context.Response.WriteAsync("""{"spec":{"containers":[{"name":"app"}]}}""");
            return true;
        };

        var (lines, _) = await CheckAsync();

        Assert.Contains("fail  webhook: a labelled pod in shop comes back without a sidecar (dry run): sidecar not injected: namespace-unknown; see the warning", lines);
    }

    [Fact]
    public async Task Run_WebhookUnreachableAndFail_SaysSo()
    {
        _server.Intercept = static context => context.Request.Query.ContainsKey("dryRun")
            ? FakeApiServer.RefuseAsync(context, 500, "Internal error occurred: failed calling webhook \"pods-by-namespace.sidecarproxy.io\": connection refused")
            : Task.FromResult(false);

        var (lines, _) = await CheckAsync();

        Assert.Contains(lines, static line => line.StartsWith("fail  webhook: POST /api/v1/namespaces/shop/pods: 500, Internal error occurred: failed calling webhook", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_CaBundleOfAnother_IsFound()
    {
        await InstallAsync();
        _server.Delete(Replica.SecretPath);
        using var other = new Replica(await OtherSecretAsync(), _clock);

        var (lines, _) = await CheckAsync();

        Assert.Contains(lines, static line => line.StartsWith("fail  MutatingWebhookConfiguration sidecar-injector: caBundle does not trust the serving certificate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Find_Pods_CountsThoseThatShouldHaveASidecar()
    {
        PutPod("shop", "without", "\"containers\":[{\"name\":\"app\"}]");
        PutPod("shop", "with", "\"containers\":[{\"name\":\"sidecar-proxy\"},{\"name\":\"app\"}]");
        PutPod("shop", "host", "\"hostNetwork\":true,\"containers\":[{\"name\":\"app\"}]");
        PutPod("shop", "windows", "\"os\":{\"name\":\"windows\"},\"containers\":[{\"name\":\"app\"}]");
        PutPod("shop", "out", "\"containers\":[{\"name\":\"app\"}]", label: "disabled");
        PutPod("shop", "both", "\"containers\":[{\"name\":\"app\"}]", label: "enabled");
        PutPod("other", "labelled", "\"containers\":[{\"name\":\"app\"}]", label: "enabled");
        PutPod("other", "plain", "\"containers\":[{\"name\":\"app\"}]");
        PutPod("sidecar-system", "own", "\"containers\":[{\"name\":\"app\"}]", label: "enabled");
        PutPod("kube-system", "system", "\"containers\":[{\"name\":\"app\"}]", label: "enabled");

        var found = await LabelledPods.FindAsync(_api, ["shop", "kube-system"], "sidecar-system", CancellationToken.None);

        Assert.Equal(["other", "shop"], found.Keys);
        Assert.Equal(["labelled"], found["other"].Names);
        Assert.Equal(["both", "without"], found["shop"].Names);
    }

    [Fact]
    public async Task Find_ThousandsOfPods_NamesAFew()
    {
        for (var i = 0; i < 1_200; i++)
        {
            PutPod("shop", $"p{i}", "\"containers\":[{\"name\":\"app\"}]");
        }

        var found = await LabelledPods.FindAsync(_api, ["shop"], "sidecar-system", CancellationToken.None);

        Assert.Equal(1_200, found["shop"].Count);
        Assert.Equal(LabelledPods.MaxNames, found["shop"].Names.Count);
    }

    // A Secret with a certificate of nobody whom the bundle knows.
    private async Task<FakeApiServer> OtherSecretAsync()
    {
        await using var elsewhere = await FakeApiServer.StartAsync();
        Replica.Install(elsewhere);
        using var replica = new Replica(elsewhere, _clock);
        await replica.CycleAsync();
        _server.Put(Replica.SecretPath, elsewhere.Get(Replica.SecretPath)!.ToJsonString());
        return _server;
    }

    private async Task InstallAsync()
    {
        Replica.Install(_server);
        using var replica = new Replica(_server, _clock);
        await replica.CycleAsync();
        _server.Put("/api/v1/namespaces/sidecar-system/services/sidecar-injector", """{"metadata":{"name":"sidecar-injector"}}""");
        _server.Put("/api/v1/namespaces/sidecar-system/endpoints/sidecar-injector", """{"metadata":{"name":"sidecar-injector"},"subsets":[{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]}]}""");
        _server.Intercept = static async context =>
        {
            if (!context.Request.Query.ContainsKey("dryRun"))
            {
                return false;
            }

            using var reader = new StreamReader(context.Request.Body);
            var pod = JsonNode.Parse(await reader.ReadToEndAsync())!;
            pod["spec"]!["containers"]!.AsArray().Insert(0, new JsonObject { ["name"] = "sidecar-proxy" });
            context.Response.StatusCode = 201;
            await context.Response.WriteAsync(pod.ToJsonString());
            return true;
        };
    }

    private void PutNode(string name, string kubelet, string kernel) =>
        _server.Put($"/api/v1/nodes/{name}", new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name },
            ["status"] = new JsonObject { ["nodeInfo"] = new JsonObject { ["kubeletVersion"] = kubelet, ["operatingSystem"] = "linux", ["kernelVersion"] = kernel } },
        }.ToJsonString());

    private void PutPod(string space, string name, string spec, string? label = null)
    {
        var pod = JsonNode.Parse($$"""{"metadata":{"name":"{{name}}","namespace":"{{space}}"},"spec":{ {{spec}} } }""")!.AsObject();
        if (label is not null)
        {
            pod["metadata"]!["labels"] = new JsonObject { ["sidecarproxy.io/inject"] = label };
        }

        _server.Put($"/api/v1/namespaces/{space}/pods/{name}", pod.ToJsonString());
    }

    private async Task<(IReadOnlyList<string> Lines, int Code)> CheckAsync(bool isBefore = false)
    {
        var output = new StringWriter { NewLine = "\n" };
        var code = await CheckCommand.RunAsync(
            new CheckScope(_api, "sidecar-system", "sidecar-injector", "sidecar-injector", "certificate", _clock), isBefore, output, CancellationToken.None);
        return (output.ToString().TrimEnd('\n').Split('\n'), code);
    }
}
