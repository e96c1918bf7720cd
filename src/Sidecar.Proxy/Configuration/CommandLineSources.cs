using System.Text;
using System.Text.Json;
using Sidecar.Configuration;

namespace Sidecar.Proxy.Configuration;

/// <summary>What to load: texts and the overrides on top of them.</summary>
/// <param name="Sources">At least one.</param>
/// <param name="Overrides">In order; later ones win.</param>
public sealed record ConfigurationInput(
    IReadOnlyList<ConfigurationSource> Sources,
    IReadOnlyList<ConfigurationOverride> Overrides);

/// <summary>
/// Turns <c>--listen</c>, <c>--upstream</c> and <c>--pod</c> into documents, so that a proxy without a file is configured by the
/// same reader, defaults and checks as one with a file.
/// </summary>
public static class CommandLineSources
{
    /// <summary>Cluster and destination of <c>--upstream</c>.</summary>
    public const string ClusterId = "upstream";

    /// <summary>Route of <c>--upstream</c>.</summary>
    public const string RouteId = "all";

    /// <summary>The document of a proxy that was told nothing: every default, no route.</summary>
    public static ConfigurationSource BuiltInDefaults { get; } = new("built-in defaults", "version: 1\n");

    /// <summary><c>--pod</c>: the listeners that a pod's traffic is redirected to, at their default ports, where nothing else is written.</summary>
    public static ConfigurationSource PodListeners { get; } = new("--pod", "listeners: { outbound: {}, inbound: {} }\n") { IsDefault = true };

    /// <summary>
    /// Lays <see cref="PodListeners"/> under everything that is read: files, the last accepted document and the built-in
    /// defaults alike. All traffic of the pod is redirected there, so a fallback that left them closed would cut the
    /// application off for a mistake in a file.
    /// </summary>
    public static LoadConfiguration WithPodListeners(LoadConfiguration load) => (sources, overrides) => load([.. sources, PodListeners], overrides);

    /// <summary>
    /// Adds the flags to the files. Without a file they are the document. Beside files, <c>--upstream</c> is one more
    /// file (its route and cluster replace entries of the same id), and <c>--listen</c> is an override, since
    /// only the first file may hold keys other than routes, policies and clusters.
    /// </summary>
    /// <param name="files">What was read, in order; may be empty.</param>
    /// <param name="listen"><c>--listen</c>; null when not given.</param>
    /// <param name="upstream"><c>--upstream</c>; null when not given.</param>
    /// <param name="sets">Every <c>--set</c> as typed; they win over <c>--listen</c>.</param>
    public static ConfigurationInput Compose(
        IReadOnlyList<ConfigurationSource> files,
        string? listen,
        string? upstream,
        IReadOnlyList<string> sets)
    {
        var sources = new List<ConfigurationSource>(files);
        var overrides = new List<ConfigurationOverride>();
        if (files.Count == 0)
        {
            sources.Add(listen is null && upstream is null ? BuiltInDefaults : Document(listen, upstream));
        }
        else
        {
            if (upstream is not null)
            {
                sources.Add(Document(listen: null, upstream));
            }

            if (listen is not null)
            {
                overrides.Add(new ConfigurationOverride($"/listeners.reverse.address={Quote(listen)}"));
            }
        }

        overrides.AddRange(sets.Select(set => new ConfigurationOverride(set)));
        return new ConfigurationInput(sources, overrides);
    }

    private static ConfigurationSource Document(string? listen, string? upstream)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            if (listen is not null)
            {
                WriteListener(json, listen);
            }

            if (upstream is not null)
            {
                WriteCluster(json, upstream);
                WriteRoute(json);
            }

            json.WriteEndObject();
        }

        var name = (listen, upstream) switch
        {
            (null, _) => "--upstream",
            (_, null) => "--listen",
            _ => "--listen --upstream",
        };
        return new ConfigurationSource(name, Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private static void WriteListener(Utf8JsonWriter json, string listen)
    {
        json.WriteStartObject("listeners");
        json.WriteStartObject("reverse");
        json.WriteString("address", listen);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteCluster(Utf8JsonWriter json, string upstream)
    {
        json.WriteStartObject("clusters");
        json.WriteStartObject(ClusterId);
        json.WriteStartObject("destinations");
        json.WriteStartObject(ClusterId);
        json.WriteString("address", upstream);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRoute(Utf8JsonWriter json)
    {
        json.WriteStartObject("routes");
        json.WriteStartObject(RouteId);
        json.WriteStartObject("match");
        json.WriteString("path", "/{**rest}");
        json.WriteEndObject();
        json.WriteString("cluster", ClusterId);
        // Said, since with --pod or a file there may be more listeners than the one that --listen opens.
        json.WriteString("direction", "reverse");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // "[::1]:8080" would read as a YAML list and "8080" as a number; a JSON string is always a string.
    private static string Quote(string value) => $"\"{JsonEncodedText.Encode(value)}\"";
}
