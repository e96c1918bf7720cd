using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>What reloads come to, as log lines and <c>sidecar.config.reloads</c>.</summary>
public sealed class ReloadEventLines(EventLog events, RequestTelemetry telemetry) : IReloadEvents
{
    /// <inheritdoc/>
    public void Accepted(ConfigurationRevision revision, ReloadTrigger trigger, bool isChanged)
    {
        telemetry.ConfigReloaded(isChanged ? ReloadResult.Accepted : ReloadResult.Unchanged);
        Loaded(revision, trigger == ReloadTrigger.Signal ? "signal" : "file-change", isChanged);
    }

    /// <inheritdoc/>
    public void Rejected(IReadOnlyList<ConfigurationProblem> problems, ReloadTrigger trigger)
    {
        telemetry.ConfigReloaded(ReloadResult.Rejected);
        Errors(problems);
    }

    /// <inheritdoc/>
    public void NotKept(string reason) => events.Write(LogEvents.StateFailed, LogSeverity.Warn, [("reason", reason)]);

    /// <summary>A configuration is in use.</summary>
    public void Loaded(ConfigurationRevision revision, string trigger, bool isChanged)
    {
        events.Write(
            LogEvents.ConfigLoaded,
            LogSeverity.Info,
            [
                ("revision", revision.Revision), ("trigger", trigger), ("changed", isChanged),
                ("routes", revision.Configuration.Routes.Length), ("clusters", revision.Configuration.Clusters.Length),
            ]);
        foreach (var warning in revision.Warnings)
        {
            events.Write(LogEvents.ConfigWarning, LogSeverity.Warn, Fields(warning));
        }
    }

    /// <summary>One line per error.</summary>
    public void Errors(IReadOnlyList<ConfigurationProblem> problems)
    {
        foreach (var problem in problems)
        {
            events.Write(LogEvents.ConfigRejected, LogSeverity.Error, Fields(problem));
        }
    }

    private static LogField[] Fields(ConfigurationProblem problem) =>
        [("file", problem.Location.File), ("line", problem.Location.Line), ("path", problem.Location.Path), ("message", problem.Message)];
}
