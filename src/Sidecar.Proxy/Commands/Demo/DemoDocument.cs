using System.Collections.Frozen;

namespace Sidecar.Proxy.Commands.Demo;

/// <summary>Addresses of one demo, all on loopback.</summary>
/// <param name="Upstream">The flaky one.</param>
/// <param name="Reverse">The proxy.</param>
/// <param name="Admin">Its controls.</param>
/// <param name="Metrics">Its metrics.</param>
public sealed record DemoPorts(int Upstream, int Reverse, int Admin, int Metrics);

/// <summary>The configuration that the demo shows.</summary>
public static class DemoDocument
{
    /// <summary>Its routes, each named like the first segment of its path.</summary>
    public static FrozenSet<string> Routes { get; } = FrozenSet.Create(StringComparer.Ordinal, "plain", "retried", "bounded", "guarded");

    /// <summary>The document.</summary>
    public static string Write(DemoPorts ports) => $$"""
        # What sidecar-proxy demo runs. Edit it while it runs: it is read again within a second.
        version: 1
        listeners:
          reverse: { address: "127.0.0.1:{{ports.Reverse}}" }
          admin:   { address: "127.0.0.1:{{ports.Admin}}" }
          metrics: { address: "127.0.0.1:{{ports.Metrics}}" }
        clusters:
          flaky: { destinations: { only: { address: "http://127.0.0.1:{{ports.Upstream}}" } } }
        routes:
          plain:
            match: { path: "/plain/{**rest}" }
            cluster: flaky
          retried:
            match: { path: "/retried/{**rest}" }
            cluster: flaky
            policy: { timeouts: { perTry: 1s }, retry: { maxRetries: 2, retryOn: [gateway-error] } }
          bounded:
            match: { path: "/bounded/{**rest}" }
            cluster: flaky
            policy: { timeouts: { request: 250ms } }
          guarded:
            match: { path: "/guarded/{**rest}" }
            cluster: flaky
            policy: { circuitBreaker: { scope: route, consecutiveFailures: 5, open: { base: 1s, max: 1s, jitter: 0 } } }

        """;
}
