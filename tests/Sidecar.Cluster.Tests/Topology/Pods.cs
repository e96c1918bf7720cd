namespace Sidecar.Cluster.Tests.Topology;

/// <summary>The objects that the tests create, as text.</summary>
internal static class Pods
{
    /// <summary>A pod of one container; further lines of its metadata and spec in flow style.</summary>
    public static string Plain(string name, string labels = "", string annotations = "", string spec = "") => $$"""
        apiVersion: v1
        kind: Pod
        metadata: { name: {{name}}, labels: { {{labels}} }, annotations: { {{annotations}} } }
        spec:
          containers: [{ name: app, image: example.test/app:1, ports: [{ containerPort: 8080 }], readinessProbe: { httpGet: { path: /healthz, port: 8080 } } }]
          {{spec}}
        """;

    /// <summary>A Deployment of two.</summary>
    public static string Deployment(string name) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: {{name}} }
        spec:
          replicas: 2
          selector: { matchLabels: { app: {{name}} } }
          template: { metadata: { labels: { app: {{name}} } }, spec: { containers: [{ name: app, image: example.test/app:1 }] } }
        """;

    /// <summary>A ConfigMap with a document for proxies.</summary>
    public static string Document(string name, string policy) => $$"""
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: {{name}}, labels: { sidecarproxy.io/document: "true" } }
        data:
          sidecar.yaml: |
            version: 1
            policies: { p: {{policy}} }
        """;
}
