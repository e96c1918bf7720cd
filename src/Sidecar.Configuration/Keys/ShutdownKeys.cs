using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>shutdown</c>.</summary>
internal static class ShutdownKeys
{
    private static readonly ShutdownConfiguration Defaults = ConfigurationDefaults.Shutdown;

    /// <summary>The whole time.</summary>
    public static readonly ConfigurationKey<TimeSpan> Grace = new(
        "grace", Shapes.Duration, Defaults.Grace, "The whole time from the signal to the end; in a pod its grace period.");

    /// <summary>The accept window.</summary>
    public static readonly ConfigurationKey<TimeSpan?> AcceptFor = new(
        "acceptFor", new AutoOrShape<TimeSpan>(Shapes.DurationOrZero), Defaults.AcceptFor, "New requests are accepted for this long after the drain began; auto is min(5s, grace/6).");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<ShutdownConfiguration> Shape = new(
        "the shutdown",
        [Grace, AcceptFor],
        view => new ShutdownConfiguration(view.Get(Grace), view.Get(AcceptFor)),
        (builder, shutdown) => builder.Set(Grace, shutdown.Grace).Set(AcceptFor, shutdown.AcceptFor))
    {
        Rules = CheckWindow,
    };

    private static void CheckWindow(ObjectView view, ShutdownConfiguration shutdown, ProblemList problems)
    {
        if (shutdown.AcceptFor > shutdown.Grace)
        {
            problems.Error(
                view.Node.Find("acceptFor") ?? view.Node,
                $"acceptFor {DurationShape.Format(shutdown.AcceptFor.Value)} is longer than grace {DurationShape.Format(shutdown.Grace)}: shorten it or write auto");
        }
    }
}
