namespace Sidecar.Helm.Tests.Charts;

/// <summary>Wrong values and what Helm says about them, before anything reaches a cluster.</summary>
public class RefusedValuesTests
{
    public static TheoryData<string, string, string> Refused => new()
    {
        { "sidecar", "replicas: 3", "(root): Additional property replicas is not allowed" },
        { "sidecar", "injector: { replica: 3 }", "injector: Additional property replica is not allowed" },
        { "sidecar", "injector: { replicas: 0 }", "injector.replicas: Must be greater than or equal to 1" },
        { "sidecar", "injector: { replicas: two }", "injector.replicas: Invalid type. Expected: integer, given: string" },
        { "sidecar", "injector: { nativeSidecar: yes }", "injector.nativeSidecar: injector.nativeSidecar must be one of the following: \"auto\", \"always\", \"never\"" },
        { "sidecar", "injector: { environment: { A: 1 } }", "injector.environment.A: Invalid type. Expected: string, given: integer" },
        { "sidecar", "injector: { podLabels: { sidecarproxy.io/inject: enabled } }", "injector.podLabels: Property name of \"sidecarproxy.io/inject\" does not match" },
        { "sidecar", "image: { pullPolicy: Sometimes }", "image.pullPolicy: image.pullPolicy must be one of the following" },
        { "sidecar", "image: { tag: \"a b\" }", "image.tag: Does not match pattern" },
        { "sidecar", "proxy: { defaults: { skipOutboundPorts: 25 } }", "proxy.defaults.skipOutboundPorts: Invalid type. Expected: string, given: integer" },
        { "sidecar", "proxy: { defaults: { skipOutboundPorts: \"25;26\" } }", "proxy.defaults.skipOutboundPorts: Does not match pattern" },
        { "sidecar", "proxy: { defaults: { skipOutboundCidrs: everything } }", "proxy.defaults.skipOutboundCidrs: Does not match pattern" },
        { "sidecar", "proxy: { defaults: { interception: off } }", "proxy.defaults.interception: proxy.defaults.interception must be one of the following: \"redirect\", \"none\"" },
        { "sidecar", "proxy: { defaults: { memoryLimit: 128MB } }", "proxy.defaults.memoryLimit: Does not match pattern" },
        { "sidecar", "proxy: { defaults: { image: evil } }", "proxy.defaults: Additional property image is not allowed" },
        { "sidecar", "proxy: { environment: { LD_PRELOAD: x } }", "proxy.environment: Property name of \"LD_PRELOAD\" does not match" },
        { "sidecar", "init: { redirectBackend: ipvs }", "init.redirectBackend: init.redirectBackend must be one of the following: \"nft\", \"iptables\"" },
        { "sidecar", "webhook: { failurePolicy: ignore }", "webhook.failurePolicy: webhook.failurePolicy must be one of the following: \"Ignore\", \"Fail\"" },
        { "sidecar", "webhook: { timeoutSeconds: 31 }", "webhook.timeoutSeconds: Must be less than or equal to 30" },
        { "sidecar", "certificates: { mode: auto }", "certificates.mode: certificates.mode must be one of the following: \"self\", \"cert-manager\", \"supplied\"" },
        { "sidecar", "certificates: { mode: supplied }", "certificates.mode is supplied: certificates.supplied.secretName must name the Secret" },
        { "sidecar", "certificates: { mode: supplied, supplied: { secretName: a, caBundle: LS0tLS1CRUdJ } }", "certificates.supplied.caBundle: Does not match pattern" },
        { "sidecar", "certificates: { mode: cert-manager, certManager: { issuerRef: { kind: Issuer } } }", "certificates.certManager.issuerRef: name is missing" },
        { "sidecar", "certificates: { mode: cert-manager }", "this cluster does not know cert-manager.io/v1" },
        { "sidecar", "certificates: { certManager: { duration: 90d } }", "certificates.certManager.duration: Does not match pattern" },
        { "sidecar", "namespaces: { shop: { routs: {} } }", "namespaces.shop: Additional property routs is not allowed" },
        { "sidecar", "namespaces: { Shop: {} }", "namespaces: Property name of \"Shop\" does not match" },
        { "sidecar", "namespaces: { kube-system: {} }", "namespaces.kube-system: pods of kube-system and of the release's own namespace never get a sidecar" },
        { "sidecar", "namespaces: { sidecar-system: {} }", "namespaces.sidecar-system: pods of kube-system and of the release's own namespace never get a sidecar" },
        { "sidecar", "namespaces: { shop: { version: 2 } }", "namespaces.shop.version: Must be less than or equal to 1" },
        { "sidecar", "namespaces: { shop: { policies: { a: { retry: { maxRetry: 2 } } } } }", "namespaces.shop.policies.a.retry: Additional property maxRetry is not allowed" },
        { "sidecar", "namespaces: { shop: { policies: { a: { timeouts: { request: 15 } } } } }", "namespaces.shop.policies.a.timeouts.request: Invalid type. Expected: string, given: integer" },
        { "sidecar", "namespaces: { shop: { routes: { a: { match: { methods: GET } } } } }", "namespaces.shop.routes.a.match.methods: Invalid type. Expected: array, given: string" },
        { "sidecar", "networkPolicy: { apiServerCidrs: [10.0.0.1] }", "networkPolicy.apiServerCidrs.0: Does not match pattern" },
        { "sidecar", "networkPolicy: { apiServerPorts: [] }", "networkPolicy.apiServerPorts: Array must have at least 1 items" },
        { "sidecar", "monitoring: { interval: 30 }", "monitoring.interval: Invalid type. Expected: string, given: integer" },
        { "sidecar", "monitoring: { prometheusRule: { runbookUrl: wiki } }", "monitoring.prometheusRule.runbookUrl: Does not match pattern" },
        { "sidecar-policies", "namespaces: {}", "(root): Additional property namespaces is not allowed" },
        { "sidecar-policies", "policies: { a: { retries: {} } }", "Additional property retries is not allowed" },
        { "sidecar-policies", "clusters: { a: { loadBalancing: fastest } }", "clusters.a.loadBalancing: clusters.a.loadBalancing must be one of the following" },
        { "sidecar-policies", "routes: { a: { match: { path: 7 } } }", "routes.a.match.path: Invalid type. Expected: string, given: integer" },
        { "sidecar-policies", "routes: { a: { direction: sideways } }", "routes.a.direction: routes.a.direction must be one of the following" },
        { "sidecar-policies", "limits: { connections: many }", "limits.connections" },
    };

    [HelmTheory]
    [MemberData(nameof(Refused))]
    public async Task Template_WrongValue_IsRefusedByName(string chart, string values, string message)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, values);

            var result = await HelmCommand.TemplateAsync(chart, "sidecar-system", "--values", file);

            Assert.True(result.ExitCode != 0, $"accepted: {values}");
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
            Assert.Empty(result.Output);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
