using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Exports metrics, traces and, where asked, log records over OTLP with the OpenTelemetry SDK. Made only when an endpoint is
/// set. Everything happens on threads of the SDK behind bounded queues: a collector that is away or slow costs telemetry,
/// counted, and no request anything.
/// </summary>
public sealed class OtlpExport : IAsyncDisposable
{
    /// <summary>Bound of a shutdown that names none: 5 s.</summary>
    public static readonly TimeSpan DefaultShutdownTimeout = TimeSpan.FromSeconds(5);

    private readonly TracerProvider? _tracerProvider;
    private readonly MeterProvider? _meterProvider;
    private readonly OtlpLogSink? _logs;
    private readonly ExportAccount _spans, _metrics, _logRecords;
    private readonly EventLog _events;
    private readonly TimeProvider _time;

    private OtlpExport(OtlpSettings settings, SidecarMeter meter, Tracing tracing, EventLog events, TimeProvider time, string version)
    {
        _events = events;
        _time = time;
        _spans = new ExportAccount("traces", LostKinds.Spans, settings.SpanQueue.Size, meter, events);
        _metrics = new ExportAccount("metrics", LostKinds.MetricExports, 1, meter, events);
        _logRecords = new ExportAccount("logs", LostKinds.LogRecords, settings.LogQueue.Size, meter, events);
        _tracerProvider = settings.Traces is { } traces ? StartTraces(settings, traces, tracing, version) : null;
        _meterProvider = settings.Metrics is { } metrics ? StartMetrics(settings, metrics, meter, version) : null;
        _logs = settings.Logs is { } logs ? StartLogs(settings, logs, version) : null;
        events.Attach(_logs);
    }

    /// <summary>Spans that the collector took.</summary>
    public long ExportedSpans => _spans.Exported;

    /// <summary>Spans that were lost.</summary>
    public long LostSpans => _spans.Lost;

    /// <summary>Starts what the settings ask for and says so in an event line; null when that is nothing: then no object of the SDK exists.</summary>
    /// <param name="settings">From the environment.</param>
    /// <param name="meter">Exported, and told of losses.</param>
    /// <param name="tracing">Exported.</param>
    /// <param name="events">Exported where asked, and told of failures.</param>
    /// <param name="time">Clock of the shutdown's bound.</param>
    /// <param name="version"><c>service.version</c> of the resource.</param>
    public static OtlpExport? Start(
        OtlpSettings settings, SidecarMeter meter, Tracing tracing, EventLog events, TimeProvider time, string version)
    {
        foreach (var problem in tracing.Problem is { } sampler ? settings.Problems.Append(sampler) : settings.Problems)
        {
            events.Write(LogEvents.OtlpSettingIgnored, LogSeverity.Warn, [("detail", problem)]);
        }

        if (!settings.IsAnyExported)
        {
            return null;
        }

        events.Write(LogEvents.OtlpStarted, LogSeverity.Info,
            [("traces", Name(settings.Traces)), ("metrics", Name(settings.Metrics)), ("logs", Name(settings.Logs))]);
        return new OtlpExport(settings, meter, tracing, events, time, version);
    }

    /// <summary>
    /// Exports what is waiting and ends. Comes back within the bound whatever the collector does; what was not delivered by then is
    /// counted as lost.
    /// </summary>
    /// <returns>True when everything was delivered in time.</returns>
    public async Task<bool> ShutdownAsync(TimeSpan timeout)
    {
        _events.Attach(null);
        var lostBefore = Lost;
        var milliseconds = (int)Math.Clamp(timeout.TotalMilliseconds, 0, int.MaxValue);

        // The SDK's shutdown blocks: one thread each, so that one signal's collector does not cost another signal its time.
        var shutdowns = Task.WhenAll(
            Shutdown(_tracerProvider, provider => provider.Shutdown(milliseconds)),
            Shutdown(_meterProvider, provider => provider.Shutdown(milliseconds)),
            Shutdown(_logs, logs => logs.Shutdown(milliseconds)));
        var isDelivered = false;
        try
        {
            isDelivered = (await shutdowns.WaitAsync(timeout, _time)).All(static isDone => isDone);
        }
        catch (TimeoutException)
        {
            // Counted below.
        }

        _spans.Close();
        _logRecords.Close();
        return isDelivered && Lost == lostBefore;
    }

    /// <summary>Ends with the bound of <see cref="DefaultShutdownTimeout"/>, unless <see cref="ShutdownAsync"/> did.</summary>
    public async ValueTask DisposeAsync() => await ShutdownAsync(DefaultShutdownTimeout);

    // The SDK calls a shutdown a success also when the collector refused: the books know better.
    private long Lost => _spans.Lost + _metrics.Lost + _logRecords.Lost;

    private static Task<bool> Shutdown<T>(T? signal, Func<T, bool> shutdown)
        where T : class, IDisposable =>
        signal is null ? Task.FromResult(true) : Task.Factory.StartNew(
            () =>
            {
                var isDelivered = shutdown(signal);
                signal.Dispose();
                return isDelivered;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static string? Name(OtlpSignal? signal) =>
        signal is null ? null : $"{(signal.Protocol == OtlpExportProtocol.Grpc ? "grpc" : "http/protobuf")} {signal.Endpoint.GetLeftPart(UriPartial.Authority)}";

    private static OtlpExporterOptions Options(OtlpSignal signal)
    {
        // Setting the endpoint also keeps the SDK from appending a path of its own.
        var options = new OtlpExporterOptions
        {
            Endpoint = signal.Endpoint,
            Protocol = signal.Protocol,
            TimeoutMilliseconds = (int)signal.Timeout.TotalMilliseconds,
            Compression = signal.Compression,
        };
        if (signal.Headers is { } headers)
        {
            options.Headers = headers;
        }

        return options;
    }

    private static ResourceBuilder Resource(OtlpSettings settings, string version) =>
        ResourceBuilder.CreateEmpty()
            .AddService("sidecar-proxy", serviceVersion: version)
            .AddTelemetrySdk()
            .AddAttributes(settings.ResourceAttributes.Select(static pair => new KeyValuePair<string, object>(pair.Key, pair.Value)));

    private TracerProvider StartTraces(OtlpSettings settings, OtlpSignal signal, Tracing tracing, string version)
    {
        var exporter = new CountingTraceExporter(Options(signal), _spans);

        // Whatever is started is meant to be exported: the decision was made before.
        return Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(Resource(settings, version))
            .AddSource(tracing.Name)
            .SetSampler(new AlwaysOnSampler())
            .AddProcessor(new BoundedSpanProcessor(exporter, _spans, settings.SpanQueue, signal.Timeout))
            .Build();
    }

    private MeterProvider StartMetrics(OtlpSettings settings, OtlpSignal signal, SidecarMeter meter, string version)
    {
        var reader = new PeriodicExportingMetricReader(
            new CountingMetricExporter(Options(signal), _metrics), (int)settings.MetricInterval.TotalMilliseconds, (int)signal.Timeout.TotalMilliseconds)
        {
            TemporalityPreference = settings.Temporality,
        };
        return Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(Resource(settings, version))
            .AddMeter(meter.Name)
            .AddView(instrument => View(instrument, meter.RouteCount))
            .AddReader(reader)
            .Build();
    }

    // The SDK's caps and buckets are the table's: one more series for our overflow.
    private static MetricStreamConfiguration? View(Instrument instrument, int routeCount)
    {
        var definition = Instruments.All.FirstOrDefault(definition => definition.Name == instrument.Name);
        if (definition is null)
        {
            return null;
        }

        var limit = definition.MaxSeries(routeCount) + 1;
        return definition.Kind == InstrumentKind.Histogram
            ? new ExplicitBucketHistogramConfiguration { Boundaries = [.. definition.Buckets], CardinalityLimit = limit, RecordMinMax = false }
            : new MetricStreamConfiguration { CardinalityLimit = limit };
    }

    private OtlpLogSink StartLogs(OtlpSettings settings, OtlpSignal signal, string version)
    {
        var exporter = new OtlpLogExporter(Options(signal));
        return new OtlpLogSink(
            Resource(settings, version),
            new LogExporterIntroduction(exporter),
            new BoundedLogProcessor(new CountingLogExporter(exporter, _logRecords), _logRecords, settings.LogQueue, signal.Timeout));
    }
}
