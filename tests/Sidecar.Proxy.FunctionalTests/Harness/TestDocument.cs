namespace Sidecar.Proxy.FunctionalTests.Harness;

/// <summary>
/// A configuration document with one route and one cluster, in YAML's flow style; what a test does not name has the
/// product's defaults, except that every port is the kernel's choice and every request gets its access line, even one whose flag is only worth the level debug.
/// </summary>
public sealed record TestDocument
{
    /// <summary>The destinations' addresses; their ids are a, b, c, …</summary>
    public required IReadOnlyList<string> Destinations { get; init; }

    /// <summary>Members of the route's policy.</summary>
    public string Policy { get; init; } = "";

    /// <summary>Further members of the cluster.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>Members of the route's match.</summary>
    public string Match { get; init; } = "path: \"/{**rest}\"";

    /// <summary>Further members of the route.</summary>
    public string Route { get; init; } = "";

    /// <summary>Further top-level members, one per line.</summary>
    public string Root { get; init; } = "";

    /// <summary>One destination, policy members.</summary>
    public static TestDocument To(string address, string policy = "") => new() { Destinations = [address], Policy = policy };

    /// <inheritdoc/>
    public override string ToString()
    {
        var destinations = string.Join(", ", Destinations.Select((address, i) => $$"""{{(char)('a' + i)}}: { address: "{{address}}" }"""));
        return Head + $$"""
            {{Root}}
            routes: { app: { match: { {{Match}} }, cluster: app, policy: { {{Policy}} }{{Member(Route)}} } }
            clusters: { app: { destinations: { {{destinations}} }{{Member(Cluster)}} } }
            """;
    }

    /// <summary>What every document of the suite starts with.</summary>
    public const string Head = """
        version: 1
        listeners: { reverse: { address: "127.0.0.1:0" }, admin: { address: "127.0.0.1:0" }, metrics: { address: "127.0.0.1:0" } }
        telemetry: { logLevel: debug, accessLog: { successRatio: 1, linesPerSecond: 100000 } }

        """;

    private static string Member(string text) => text.Length == 0 ? "" : ", " + text;
}
