using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary>The whole document as written, before policies are composed and services expanded.</summary>
internal sealed record SidecarDocument(
    ListenersConfiguration Listeners,
    LimitsConfiguration Limits,
    TelemetryConfiguration Telemetry,
    InterceptionConfiguration Interception,
    ShutdownConfiguration Shutdown,
    ImmutableArray<RouteDocument> Routes,
    ImmutableArray<PolicyDocument> Policies,
    ImmutableArray<ClusterConfiguration> Clusters);

/// <summary>The top-level keys: the root of the key table.</summary>
internal static class DocumentKeys
{
    /// <summary>Version.</summary>
    public static readonly ConfigurationKey<int> Version = new(
        "version", new IntegerShape(ConfigurationDefaults.Version, ConfigurationDefaults.Version), isRequired: true, "Version of the document: 1.");

    /// <summary>Listeners.</summary>
    public static readonly ConfigurationKey<ListenersConfiguration> Listeners = new(
        "listeners", ListenerKeys.Shape, ConfigurationDefaults.Listeners, "Addresses to listen on.");

    /// <summary>Limits.</summary>
    public static readonly ConfigurationKey<LimitsConfiguration> Limits = new(
        "limits", LimitKeys.Shape, ConfigurationDefaults.Limits, "Bounds of the whole process; the server's own defaults never apply.");

    /// <summary>Telemetry.</summary>
    public static readonly ConfigurationKey<TelemetryConfiguration> Telemetry = new(
        "telemetry", TelemetryKeys.Shape, ConfigurationDefaults.Telemetry, "What is told about the traffic.");

    /// <summary>Interception.</summary>
    public static readonly ConfigurationKey<InterceptionConfiguration> Interception = new(
        "interception", InterceptionKeys.Shape, ConfigurationDefaults.Interception, "How intercepted connections are told apart.");

    /// <summary>Shutdown.</summary>
    public static readonly ConfigurationKey<ShutdownConfiguration> Shutdown = new(
        "shutdown", ShutdownKeys.Shape, ConfigurationDefaults.Shutdown, "One clock from the signal to the end.");

    /// <summary>Routes.</summary>
    public static readonly ConfigurationKey<ImmutableArray<RouteDocument>> Routes = new(
        "routes", new MapShape<RouteDocument>("route", RouteKeys.Shape, route => route.Id, minItems: 0), [], "Routes by id: what is matched, where it goes, under which policy.");

    /// <summary>Policies.</summary>
    public static readonly ConfigurationKey<ImmutableArray<PolicyDocument>> Policies = new(
        "policies",
        new MapShape<PolicyDocument>("policy", new PolicyDocumentShape(), policy => policy.Id, minItems: 0),
        [],
        "Policies by id; default is what every written route starts from.");

    /// <summary>Clusters.</summary>
    public static readonly ConfigurationKey<ImmutableArray<ClusterConfiguration>> Clusters = new(
        "clusters",
        new MapShape<ClusterConfiguration>("cluster", ClusterKeys.Shape, cluster => cluster.Id, minItems: 0)
        {
            ReservedHere = [(RouteConfiguration.OriginalClusterId, "forwardTo: original is where the application dialled")],
        },
        [],
        "Clusters by id: sets of equivalent destinations.");

    /// <summary>The document.</summary>
    public static readonly ObjectShape<SidecarDocument> Shape = new(
        "the document",
        [Version, Listeners, Limits, Telemetry, Interception, Shutdown, Routes, Policies, Clusters],
        Read,
        (builder, document) => builder
            .Set(Version, ConfigurationDefaults.Version)
            .Set(Listeners, document.Listeners)
            .Set(Limits, document.Limits)
            .Set(Telemetry, document.Telemetry)
            .Set(Interception, document.Interception)
            .Set(Shutdown, document.Shutdown)
            .Set(Policies, document.Policies)
            .Set(Routes, document.Routes)
            .Set(Clusters, document.Clusters))
    {
        Planned = [new("overrides", "Temporary changes that expire.")],
    };

    /// <summary>What is usable of a view: sections that are not, have their defaults, and maps their usable entries.</summary>
    public static SidecarDocument Read(ObjectView view) => new(
        view.Get(Listeners),
        view.Get(Limits),
        view.Get(Telemetry),
        view.Get(Interception),
        view.Get(Shutdown),
        Usable(view.Get(Routes)),
        Usable(view.Get(Policies)),
        Usable(view.Get(Clusters)));

    private static ImmutableArray<T> Usable<T>(ImmutableArray<T> values) => values.IsDefault ? [] : values;
}
