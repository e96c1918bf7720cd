namespace Sidecar.Interception.Tests.Topology;

/// <summary>Configuration documents of a proxy in a pod. The ports are the product's own: each pod has a namespace to itself.</summary>
internal static class PodDocument
{
    /// <summary>No route at all: everything goes where the application dialled.</summary>
    public const string Passthrough = """
        version: 1
        listeners: { outbound: {}, inbound: {} }

        """;

    /// <summary>One written route per direction that takes every request and forwards it where the application dialled.</summary>
    public const string Routed = """
        version: 1
        listeners: { outbound: {}, inbound: {} }
        routes:
          out: { direction: outbound, match: { path: "/{**rest}" }, forwardTo: original }
          in: { direction: inbound, match: { path: "/{**rest}" }, forwardTo: original }

        """;

    /// <summary>One written TCP route, by port alone.</summary>
    public static string Tcp(int port) => $$"""
        version: 1
        listeners: { outbound: {}, inbound: {} }
        routes:
          database: { direction: outbound, match: { port: {{port}} }, forwardTo: original }

        """;
}
