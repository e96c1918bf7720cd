namespace Sidecar.Configuration.Tests;

/// <summary>Valid documents: the contract's own examples, as far as this version supports their keys, and two with every key.</summary>
internal static class Examples
{
    public const string Smallest = """
        # the smallest useful document
        version: 1
        listeners: { reverse: { address: "127.0.0.1:8080" } }
        clusters:  { api: { destinations: { a: { address: "http://127.0.0.1:9000" } } } }
        routes:    { api: { match: { path: "/{**rest}" }, cluster: api, policy: { retry: { maxRetries: 2 }, circuitBreaker: {} } } }
        """;

    public const string Shape = """
        version: 1
        listeners:
          reverse:  { address: "127.0.0.1:8080" }   # explicit reverse proxy, for use without interception
          outbound: { port: 15101 }                 # intercepted traffic that leaves the application
          inbound:  { port: 15106 }                 # intercepted traffic that reaches the application
          admin:    { address: "127.0.0.1:15100" }  # controls: loopback
          metrics:  { address: "[::]:15120" }       # only GET /metrics /livez /readyz /app-health/…
        limits: { connections: auto, inFlight: auto, replayTotal: 16MiB, headerTimeout: 10s, headers: 64KiB, headerCount: 128,
                  requestBody: off, bodyRate: off, keepAlive: 10m, http2Streams: 100 }   # auto follows the memory and CPU granted
        telemetry:    { logLevel: info, traceRatio: 0.01, accessLog: { successRatio: 0.01, slow: 1s, linesPerSecond: 200, requestHeaders: [], responseHeaders: [] } }
        interception: { detection: 100ms, opaquePorts: [25, 587, 3306, 4444, 5432, 6379, 9300, 11211, 27017, 9092, 5672, 4222], serverFirst: [] }
        shutdown:     { grace: 30s, acceptFor: auto }
        routes:
          orders-read:
            direction: outbound                     # outbound | inbound | reverse; may be left out when only one of the listeners exists
            match: { hosts: ["orders.example.com"], path: "/orders/{**rest}", methods: [GET, HEAD], headers: [{ name: x-tier, values: [gold] }], port: 80 }
            cluster: orders
            policy: gentle
            transforms: []
          orders-service:
            direction: reverse
            match: { service: orders.shop }
            cluster: headless
        policies:
          default: { timeouts: { request: 15s } }
          gentle:  { retry: { maxRetries: 2 }, circuitBreaker: { consecutiveFailures: 5 } }
        clusters:
          orders:
            destinations: { a: { address: "https://10.0.0.7:8080" }, b: { address: "https://10.0.0.8:8080", weight: 3 } }
            loadBalancing: powerOfTwoChoices
            protocol: auto
            retryBudget: { ratio: 0.2, minPerSecond: 1, window: 10s }
            connections: { max: 1024, idle: 50s, lifetime: 10m }
            healthCheck: { active: { path: /healthz, interval: 10s, timeout: 2s, threshold: 2 } }
            tls: { ca: /etc/ca.pem, serverName: orders.example.com, clientCertificate: /etc/client.pem, clientKey: /etc/client.key }
          headless:
            dns: { name: orders-headless.shop.svc, port: 8080, refresh: 5s }
        """;

    public const string Policies = """
        version: 1
        listeners: { reverse: { address: "[::1]:8080" }, admin: off, metrics: false }
        policies:
          default:
            timeouts: { request: 10s, perTry: 2s, connect: 500ms, idle: off, tunnelIdle: 1h30m, stream: 2h }
          steady:
            retry:
              maxRetries: 3
              retryOn: [connect-failure, gateway-error, per-try-timeout, 429, unavailable]
              methods: [GET, PUT]
              backoff: { base: 10ms, max: 1s }
              retryAfterMax: 0ms
              replayBytes: 1024
            circuitBreaker:
              scope: route
              consecutiveFailures: off
              failureRatio: 0.25
              minimumThroughput: 20
              window: 30s
              slowCall: { duration: 800ms, ratio: 0.9 }
              open: { base: 1s, max: 2m, jitter: 0 }
              probes: 3
              ramp: off
              maxEjectedRatio: 1
              whenAllOpen: tryAnyway
              failures: [5xx, timeout, data-loss]
          steady-posts: { base: steady, retry: { methods: all }, circuitBreaker: off }
        routes:
          a: { order: -1, match: { hosts: [a.example.com, "*.b.example.com"] }, cluster: c, policy: steady }
          b:
            match: { path: "/b/{id:int}/x", headers: [{ name: x-canary, mode: exists }, { name: x-env, values: ["on", "yes"], mode: headerPrefix, isCaseSensitive: true }] }
            cluster: c
            policy: { base: steady-posts, timeouts: { request: 30s } }
            transforms:
              - { RequestHeader: x-from, Set: sidecar }
              - { RequestHeadersCopy: true }
          c: { match: {}, cluster: d, policy: { retry: off } }
        clusters:
          c: { dns: { name: c.example.com., port: 443, scheme: https }, protocol: http2, loadBalancing: ringHash, tls: {} }
          d: { destinations: { one: { address: "http://[::1]:80/prefix" } }, healthCheck: { active: off } }
        """;

    /// <summary>Every kind of route there is beside the explicit proxy's.</summary>
    public const string Interception = """
        version: 1
        listeners: { outbound: {}, inbound: { port: 0 } }
        interception: { detection: 10s, opaquePorts: [], serverFirst: [3306, 65535] }
        policies:
          default: { timeouts: { request: 7s, connect: 1s }, retry: { maxRetries: 2, retryOn: [503] } }
          timed: { timeouts: { request: 5s }, retry: { retryOn: [reset] } }
          guarded: { base: timed, circuitBreaker: { scope: route } }
        routes:
          in-original: { direction: inbound, match: { path: "/in/{**rest}" }, forwardTo: original }
          in-cluster: { direction: inbound, match: { path: "/local/{**rest}" }, cluster: local, policy: timed }
          in-tcp: { direction: inbound, match: { port: 5432 }, cluster: local, policy: guarded }
          out-original: { direction: outbound, match: { service: orders.shop, port: 80 }, forwardTo: original }
          out-sni: { direction: outbound, match: { sni: [api.example.com, "*.API.example.org"] }, forwardTo: original, policy: { base: guarded, timeouts: { connect: 250ms } } }
          out-sni-port: { direction: outbound, order: -1, match: { sni: [db.example.com], port: 443 }, cluster: other }
          out-tcp: { direction: outbound, match: { port: 5432 }, cluster: other, policy: { circuitBreaker: {}, timeouts: { connect: off } } }
        clusters:
          local: { destinations: { a: { address: "http://127.0.0.1:9000" }, b: { address: "http://[::1]:9000" }, c: { address: "http://localhost:9001" }, d: { address: "http://127.8.8.8:1" } } }
          other: { dns: { name: db.example.com, port: 5432 } }
        """;

    public static readonly string[] All = [Smallest, Shape, Policies, Interception];
}
