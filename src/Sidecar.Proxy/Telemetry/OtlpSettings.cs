using System.Globalization;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Sidecar.Proxy.Telemetry;

/// <summary>Where one signal goes.</summary>
/// <param name="Endpoint">Complete: for http/protobuf with the signal's path.</param>
/// <param name="Protocol">grpc (default) or http/protobuf.</param>
/// <param name="Headers"><c>name=value</c> pairs as the variable holds them; secret: never logged.</param>
/// <param name="Timeout">Of one export; default 10 s.</param>
/// <param name="Compression">none (default) or gzip.</param>
public sealed record OtlpSignal(Uri Endpoint, OtlpExportProtocol Protocol, string? Headers, TimeSpan Timeout, OtlpExportCompression Compression);

/// <summary>A queue between the request path and an exporter.</summary>
/// <param name="Size">Most items waiting; beyond it they are lost and counted.</param>
/// <param name="BatchSize">Most items of one export.</param>
/// <param name="Delay">Time between exports.</param>
public sealed record OtlpQueue(int Size, int BatchSize, TimeSpan Delay);

/// <summary>
/// What the standard <c>OTEL_*</c> variables say
/// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/,
/// https://opentelemetry.io/docs/specs/otel/protocol/exporter/). Read by us and not by the SDK, so that no object of it is made
/// when nothing is exported, and so that what is not understood is said.
/// </summary>
public sealed class OtlpSettings
{
    private readonly Func<string, string?> _environment;
    private readonly List<string> _problems = [];

    private OtlpSettings(Func<string, string?> environment)
    {
        _environment = environment;
        var isDisabled = string.Equals(Value("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);
        Traces = isDisabled ? null : Signal("TRACES", "v1/traces", isDefault: true);
        Metrics = isDisabled ? null : Signal("METRICS", "v1/metrics", isDefault: true);
        Logs = isDisabled ? null : Signal("LOGS", "v1/logs", isDefault: false);
        SpanQueue = Queue("OTEL_BSP", 5000);
        LogQueue = Queue("OTEL_BLRP", 1000);
        MetricInterval = Milliseconds("OTEL_METRIC_EXPORT_INTERVAL", 60_000);
        Temporality = ReadTemporality();
        ResourceAttributes = ReadResourceAttributes();
        Problems = _problems;
    }

    /// <summary>Null: traces are not exported.</summary>
    public OtlpSignal? Traces { get; }

    /// <summary>Null: metrics are not exported.</summary>
    public OtlpSignal? Metrics { get; }

    /// <summary>Null: logs are not exported; they are only with <c>OTEL_LOGS_EXPORTER=otlp</c>.</summary>
    public OtlpSignal? Logs { get; }

    /// <summary>Queue of spans: <c>OTEL_BSP_*</c>.</summary>
    public OtlpQueue SpanQueue { get; }

    /// <summary>Queue of log records: <c>OTEL_BLRP_*</c>.</summary>
    public OtlpQueue LogQueue { get; }

    /// <summary>Time between exports of metrics; default 60 s.</summary>
    public TimeSpan MetricInterval { get; }

    /// <summary>Cumulative unless <c>OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE</c> says otherwise.</summary>
    public MetricReaderTemporalityPreference Temporality { get; }

    /// <summary><c>OTEL_RESOURCE_ATTRIBUTES</c> and <c>OTEL_SERVICE_NAME</c>, the latter winning.</summary>
    public IReadOnlyDictionary<string, string> ResourceAttributes { get; }

    /// <summary>What was not understood, one sentence each; never with a value that may be secret.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Is anything exported?</summary>
    public bool IsAnyExported => Traces is not null || Metrics is not null || Logs is not null;

    /// <summary>Reads the variables; never fails.</summary>
    /// <param name="environment">Value of a variable, or null.</param>
    public static OtlpSettings Read(Func<string, string?> environment) => new(environment);

    // An empty value is as good as none, says the specification.
    private string? Value(string name) => _environment(name) is { Length: > 0 } value ? value.Trim() : null;

    private OtlpSignal? Signal(string signal, string path, bool isDefault)
    {
        var exporter = Value($"OTEL_{signal}_EXPORTER");
        if (exporter is not (null or "otlp" or "none"))
        {
            _problems.Add($"OTEL_{signal}_EXPORTER names an exporter that is not built in: otlp and none are.");
        }

        if (exporter is null ? !isDefault : exporter != "otlp")
        {
            return null;
        }

        var protocol = ReadProtocol(signal);
        var own = Value($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        var text = own ?? Value("OTEL_EXPORTER_OTLP_ENDPOINT");
        if (text is null)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            _problems.Add($"The OTLP endpoint for {signal.ToLowerInvariant()} is not an absolute http or https address; they are not exported.");
            return null;
        }

        // Only the general endpoint gets the signal's path, and only for HTTP.
        if (own is null && protocol == OtlpExportProtocol.HttpProtobuf)
        {
            endpoint = new Uri($"{text.TrimEnd('/')}/{path}");
        }

        return new OtlpSignal(
            endpoint, protocol, Value($"OTEL_EXPORTER_OTLP_{signal}_HEADERS") ?? Value("OTEL_EXPORTER_OTLP_HEADERS"),
            Milliseconds($"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT", (int)Milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000).TotalMilliseconds),
            ReadCompression(signal));
    }

    private OtlpExportProtocol ReadProtocol(string signal)
    {
        switch (Value($"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") ?? Value("OTEL_EXPORTER_OTLP_PROTOCOL"))
        {
            case null or "grpc":
                return OtlpExportProtocol.Grpc;
            case "http/protobuf":
                return OtlpExportProtocol.HttpProtobuf;
            default:
                _problems.Add($"The OTLP protocol for {signal.ToLowerInvariant()} is not supported: grpc and http/protobuf are; grpc is used.");
                return OtlpExportProtocol.Grpc;
        }
    }

    private OtlpExportCompression ReadCompression(string signal)
    {
        switch (Value($"OTEL_EXPORTER_OTLP_{signal}_COMPRESSION") ?? Value("OTEL_EXPORTER_OTLP_COMPRESSION"))
        {
            case null or "none":
                return OtlpExportCompression.None;
            case "gzip":
                return OtlpExportCompression.GZip;
            default:
                _problems.Add($"The OTLP compression for {signal.ToLowerInvariant()} is not supported: none and gzip are; none is used.");
                return OtlpExportCompression.None;
        }
    }

    private OtlpQueue Queue(string prefix, int delay)
    {
        var size = Number($"{prefix}_MAX_QUEUE_SIZE", 2048, 1 << 20);
        var batch = Number($"{prefix}_MAX_EXPORT_BATCH_SIZE", 512, 1 << 20);
        return new OtlpQueue(size, Math.Min(size, batch), Milliseconds($"{prefix}_SCHEDULE_DELAY", delay));
    }

    private TimeSpan Milliseconds(string name, int fallback) => TimeSpan.FromMilliseconds(Number(name, fallback, int.MaxValue));

    private int Number(string name, int fallback, int max)
    {
        if (Value(name) is not { } text)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= max)
        {
            return number;
        }

        _problems.Add($"{name} is not a whole number from 1 to {max}; {fallback} is used.");
        return fallback;
    }

    private MetricReaderTemporalityPreference ReadTemporality()
    {
        var text = Value("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE");
        switch (text?.ToLowerInvariant())
        {
            case null or "cumulative":
                return MetricReaderTemporalityPreference.Cumulative;
            case "delta":
                return MetricReaderTemporalityPreference.Delta;
            default:
                _problems.Add("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE is not supported: cumulative and delta are; cumulative is used.");
                return MetricReaderTemporalityPreference.Cumulative;
        }
    }

    private Dictionary<string, string> ReadResourceAttributes()
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in (Value("OTEL_RESOURCE_ATTRIBUTES") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = pair.IndexOf('=');
            if (equals <= 0)
            {
                _problems.Add("OTEL_RESOURCE_ATTRIBUTES holds an entry that is not name=value; it is left out.");
                continue;
            }

            attributes[pair[..equals].Trim()] = Uri.UnescapeDataString(pair[(equals + 1)..].Trim());
        }

        if (Value("OTEL_SERVICE_NAME") is { } service)
        {
            attributes["service.name"] = service;
        }

        return attributes;
    }
}
