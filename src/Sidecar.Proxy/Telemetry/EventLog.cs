using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>Receives every line that is written, beside stdout: the OTLP log export.</summary>
internal interface ILogSink
{
    /// <summary>Takes a line; must not block.</summary>
    void Emit(DateTimeOffset time, LogEvent logEvent, LogSeverity severity, ReadOnlySpan<LogField> fields);
}

/// <summary>
/// Writes log lines, all of one schema: <c>ts</c> (RFC 3339, milliseconds, UTC), <c>level</c>, <c>event</c> (<see cref="LogEvents"/>),
/// then fields. Usable on any thread, never blocks, allocates nothing after a thread's first line.
/// </summary>
public sealed class EventLog(JsonLineWriter writer, TimeProvider time, LogSeverity minimumLevel = LogSeverity.Info)
{
    [ThreadStatic]
    private static byte[]? t_line;

    private volatile int _minimumLevel = (int)minimumLevel;
    private volatile ILogSink? _sink;

    /// <summary>Lines below it are not written; may be changed at any time.</summary>
    public LogSeverity MinimumLevel
    {
        get => (LogSeverity)_minimumLevel;
        set => _minimumLevel = (int)value;
    }

    /// <summary>Is a line of this level written?</summary>
    public bool IsEnabled(LogSeverity severity) => (int)severity >= _minimumLevel;

    /// <summary>Writes a line if its level is enabled: <c>events.Write(LogEvents.X, LogSeverity.Info, [("route", id), ("count", 3)])</c>.</summary>
    public void Write(LogEvent logEvent, LogSeverity severity, params ReadOnlySpan<LogField> fields)
    {
        if (!IsEnabled(severity))
        {
            return;
        }

        var now = time.GetUtcNow();
        var line = t_line ??= new byte[JsonLine.MaxLength];
        var length = JsonLine.Format(line, now, logEvent, severity, fields);
        writer.TryWrite(line.AsSpan(0, length));
        _sink?.Emit(now, logEvent, severity, fields);
    }

    /// <summary>Sends every further line there too; null ends it.</summary>
    internal void Attach(ILogSink? sink) => _sink = sink;
}
