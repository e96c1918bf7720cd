using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>interception</c>.</summary>
internal static class InterceptionKeys
{
    // A client of a server-first protocol waits this long in silence. Servers give such clients 10 s at most to speak (MySQL's
    // connect_timeout), so a longer wait can only break what it is meant to carry.
    private static readonly TimeSpan LongestDetection = TimeSpan.FromSeconds(10);

    private static readonly InterceptionConfiguration Defaults = ConfigurationDefaults.Interception;
    private static readonly ListShape<int> PortList = new(Shapes.Port, comparer: EqualityComparer<int>.Default);

    /// <summary>Silence.</summary>
    public static readonly ConfigurationKey<TimeSpan> Detection = new(
        "detection",
        new DurationShape(TimeSpan.FromMilliseconds(1), LongestDetection),
        Defaults.Detection,
        "A client that is silent this long has its upstream dialled, and both sides are watched; at most 10s.");

    /// <summary>Never looked at.</summary>
    public static readonly ConfigurationKey<ImmutableArray<int>> OpaquePorts = new(
        "opaquePorts", PortList, Defaults.OpaquePorts, "Destination ports that are carried as TCP without a look at the bytes; replaces the default list.");

    /// <summary>Known to speak first.</summary>
    public static readonly ConfigurationKey<ImmutableArray<int>> ServerFirst = new(
        "serverFirst", PortList, Defaults.ServerFirst, "Destination ports whose servers speak first: carried as TCP at once, without the wait.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<InterceptionConfiguration> Shape = new(
        "the interception",
        [Detection, OpaquePorts, ServerFirst],
        view => new InterceptionConfiguration(view.Get(Detection), view.Get(OpaquePorts), view.Get(ServerFirst)),
        (builder, interception) => builder
            .Set(Detection, interception.Detection)
            .Set(OpaquePorts, interception.OpaquePorts)
            .Set(ServerFirst, interception.ServerFirst));
}
