using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Sends every log line as a log record over OTLP, where <c>OTEL_LOGS_EXPORTER=otlp</c> asks for it: body and event name are the
/// line's <c>event</c>, attributes its fields, trace and span id are set. Allocates per line, as the SDK's logging does.
/// </summary>
internal sealed class OtlpLogSink : ILogSink, IDisposable
{
    private readonly OpenTelemetryLoggerProvider _provider;
    private readonly BoundedLogProcessor _processor;
    private readonly ILogger _logger;

    internal OtlpLogSink(ResourceBuilder resource, LogExporterIntroduction introduction, BoundedLogProcessor processor)
    {
        _processor = processor;
        var options = new OpenTelemetryLoggerOptions { IncludeFormattedMessage = true };
        options.SetResourceBuilder(resource);
        options.AddProcessor(introduction);
        options.AddProcessor(new TraceIdProcessor());
        options.AddProcessor(processor);
        _provider = new OpenTelemetryLoggerProvider(new FixedOptions(options));
        _logger = _provider.CreateLogger("Sidecar");
    }

    /// <inheritdoc/>
    public void Emit(DateTimeOffset time, LogEvent logEvent, LogSeverity severity, ReadOnlySpan<LogField> fields)
    {
        if (!_logger.IsEnabled(Level(severity)))
        {
            return;
        }

        var attributes = new List<KeyValuePair<string, object?>>(fields.Length);
        foreach (var field in fields)
        {
            if (!field.IsAbsent)
            {
                attributes.Add(new(field.Name, Value(field)));
            }
        }

        _logger.Log(Level(severity), new EventId(logEvent.Id, logEvent.Name), attributes, exception: null, (_, _) => logEvent.Name);
    }

    /// <summary>Exports what waits and ends.</summary>
    internal bool Shutdown(int timeoutMilliseconds) => _processor.Shutdown(timeoutMilliseconds);

    /// <summary>Lets go of the SDK's objects.</summary>
    public void Dispose() => _provider.Dispose();

    private static object? Value(in LogField field) => field.Kind switch
    {
        LogFieldKind.Text => field.Text is { Length: > JsonLine.MaxTextLength } text ? text[..JsonLine.MaxTextLength] : field.Text,
        LogFieldKind.Integer => field.Bits,
        LogFieldKind.Boolean => field.Bits != 0,
        LogFieldKind.Duration => TimeSpan.FromTicks(field.Bits).TotalMilliseconds,
        _ => BitConverter.Int64BitsToDouble(field.Bits),
    };

    private static LogLevel Level(LogSeverity severity) => severity switch
    {
        LogSeverity.Debug => LogLevel.Debug,
        LogSeverity.Info => LogLevel.Information,
        LogSeverity.Warn => LogLevel.Warning,
        _ => LogLevel.Error,
    };

    // Lines are written outside of any current activity: their ids are in their fields.
    private sealed class TraceIdProcessor : BaseProcessor<LogRecord>
    {
        public override void OnEnd(LogRecord data)
        {
            foreach (var attribute in data.Attributes ?? [])
            {
                if (attribute is { Key: "traceId", Value: string { Length: 32 } traceId })
                {
                    data.TraceId = ActivityTraceId.CreateFromString(traceId);
                }
                else if (attribute is { Key: "spanId", Value: string { Length: 16 } spanId })
                {
                    data.SpanId = ActivitySpanId.CreateFromString(spanId);
                }
            }
        }
    }

    private sealed class FixedOptions(OpenTelemetryLoggerOptions options) : IOptionsMonitor<OpenTelemetryLoggerOptions>
    {
        public OpenTelemetryLoggerOptions CurrentValue => options;

        public OpenTelemetryLoggerOptions Get(string? name) => options;

        public IDisposable? OnChange(Action<OpenTelemetryLoggerOptions, string?> listener) => null;
    }
}
