using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Tests;

/// <summary>Short forms of loading for tests.</summary>
internal static class Loading
{
    public static ConfigurationResult Load(string text, params string[] sets) =>
        ConfigurationLoader.Load([new ConfigurationSource("test.yaml", text)], [.. sets.Select(set => new ConfigurationOverride(set))], ConfigurationEnvironment.Default);

    public static ConfigurationResult LoadFiles(params string[] texts) =>
        ConfigurationLoader.Load([.. texts.Select((text, index) => new ConfigurationSource($"{index + 1}.yaml", text))], [], ConfigurationEnvironment.Default);

    public static SidecarConfiguration Valid(string text, params string[] sets)
    {
        var result = Load(text, sets);
        Assert.Equal([], result.Errors.Select(error => error.ToString()));
        return result.Configuration!;
    }

    public static string[] Errors(string text, params string[] sets) => [.. Load(text, sets).Errors.Select(error => error.ToString())];

    public static string[] Warnings(string text, params string[] sets)
    {
        var result = Load(text, sets);
        Assert.Equal([], result.Errors.Select(error => error.ToString()));
        return [.. result.Warnings.Select(warning => warning.ToString())];
    }

    /// <summary>The one error of a text.</summary>
    public static string Error(string text, params string[] sets) => Assert.Single(Errors(text, sets));

    /// <summary>A document with one route whose own policy is this (flow YAML).</summary>
    public static string WithPolicy(string policy) => $$"""
        version: 1
        listeners: { reverse: { address: "127.0.0.1:8080" } }
        clusters: { api: { destinations: { a: { address: "http://127.0.0.1:9000" }, b: { address: "http://127.0.0.1:9001" } } } }
        routes: { api: { match: { path: "/{**rest}" }, cluster: api, policy: {{policy}} } }
        """;

    /// <summary>A document with one cluster (flow YAML) and no route.</summary>
    public static string WithCluster(string cluster) => $"version: 1\nclusters: {{ c: {cluster} }}";

    /// <summary>A document with routes (block YAML under <c>routes:</c>) that all go to cluster <c>api</c>.</summary>
    public static string WithRoutes(params string[] routes) =>
        """
        version: 1
        listeners: { reverse: { address: "127.0.0.1:8080" } }
        clusters: { api: { destinations: { a: { address: "http://127.0.0.1:9000" } } } }
        routes:

        """ + string.Concat(routes.Select(route => $"  {route}\n"));
}
