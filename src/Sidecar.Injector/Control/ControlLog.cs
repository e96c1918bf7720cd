using Sidecar.Configuration.Effective;
using Sidecar.Injector.Kubernetes;
using Sidecar.Injector.Telemetry;

namespace Sidecar.Injector.Control;

/// <summary>The control side's events as lines of the process's log.</summary>
internal sealed class ControlLog(EventLog log) : IControlLog
{
    /// <inheritdoc/>
    public void Write(ControlLevel level, string name, string message) => log.Write(
        level switch
        {
            ControlLevel.Info => LogSeverity.Info,
            ControlLevel.Warning => LogSeverity.Warn,
            _ => LogSeverity.Error,
        },
        name,
        ("message", message));
}
