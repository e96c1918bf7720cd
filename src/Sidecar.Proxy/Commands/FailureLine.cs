using System.Text;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Commands;

/// <summary>The last line of a process that cannot go on, in the log's own schema.</summary>
internal static class FailureLine
{
    /// <summary>Writes one JSON line and flushes it.</summary>
    public static void Write(TextWriter output, TimeProvider time, LogEvent logEvent, string reason)
    {
        var buffer = new byte[JsonLine.MaxLength];
        var length = JsonLine.Format(buffer, time.GetUtcNow(), logEvent, LogSeverity.Error, [("reason", reason)]);
        output.Write(Encoding.UTF8.GetString(buffer, 0, length));
        output.Flush();
    }
}
