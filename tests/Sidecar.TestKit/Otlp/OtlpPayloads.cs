namespace Sidecar.TestKit.Otlp;

/// <summary>A span as it was received.</summary>
public sealed record OtlpSpan(
    string TraceId,
    string SpanId,
    string ParentSpanId,
    string TraceState,
    string Name,
    int Kind,
    ulong StartUnixNano,
    ulong EndUnixNano,
    IReadOnlyDictionary<string, object> Attributes,
    IReadOnlyList<OtlpSpanEvent> Events,
    int StatusCode,
    IReadOnlyDictionary<string, object> Resource)
{
    /// <summary>SPAN_KIND_SERVER.</summary>
    public const int Server = 2;

    /// <summary>SPAN_KIND_CLIENT.</summary>
    public const int Client = 3;
}

/// <summary>An event of a span.</summary>
public sealed record OtlpSpanEvent(string Name, ulong UnixNano, IReadOnlyDictionary<string, object> Attributes);

/// <summary>A metric as it was received.</summary>
/// <param name="Kind"><c>sum</c>, <c>gauge</c> or <c>histogram</c>.</param>
public sealed record OtlpMetric(string Name, string Unit, string Description, string Kind, bool IsMonotonic, int Temporality, IReadOnlyList<OtlpPoint> Points);

/// <summary>A data point; for histograms with buckets.</summary>
public sealed record OtlpPoint(
    IReadOnlyDictionary<string, object> Attributes, double Value, ulong Count, double Sum, IReadOnlyList<ulong> Buckets, IReadOnlyList<double> Bounds);

/// <summary>A log record as it was received.</summary>
public sealed record OtlpLogRecord(
    ulong UnixNano, int Severity, string Body, string EventName, string TraceId, string SpanId, IReadOnlyDictionary<string, object> Attributes,
    IReadOnlyDictionary<string, object> Resource);

/// <summary>Decodes the three export requests; field numbers from https://github.com/open-telemetry/opentelemetry-proto (v1).</summary>
internal static class OtlpPayloads
{
    internal static IEnumerable<OtlpSpan> Spans(ProtoMessage request) =>
        from resourceSpans in request.Messages(1)
        let resource = Attributes(resourceSpans.Message(1), 1)
        from scopeSpans in resourceSpans.Messages(2)
        from span in scopeSpans.Messages(2)
        select new OtlpSpan(
            span.Hex(1), span.Hex(2), span.Hex(4), span.Text(3), span.Text(5), (int)span.Scalar(6), span.Scalar(7), span.Scalar(8), Attributes(span, 9),
            [.. span.Messages(11).Select(one => new OtlpSpanEvent(one.Text(2), one.Scalar(1), Attributes(one, 3)))],
            (int)span.Message(15).Scalar(3), resource);

    internal static IEnumerable<OtlpMetric> Metrics(ProtoMessage request) =>
        from resourceMetrics in request.Messages(1)
        from scopeMetrics in resourceMetrics.Messages(2)
        from metric in scopeMetrics.Messages(2)
        select Metric(metric);

    internal static IEnumerable<OtlpLogRecord> Logs(ProtoMessage request) =>
        from resourceLogs in request.Messages(1)
        let resource = Attributes(resourceLogs.Message(1), 1)
        from scopeLogs in resourceLogs.Messages(2)
        from record in scopeLogs.Messages(2)
        select new OtlpLogRecord(
            record.Scalar(1), (int)record.Scalar(2), record.Message(5).Text(1), record.Text(12), record.Hex(9), record.Hex(10), Attributes(record, 6),
            resource);

    private static OtlpMetric Metric(ProtoMessage metric)
    {
        var (kind, number) = metric.Has(7) ? ("sum", 7) : metric.Has(9) ? ("histogram", 9) : ("gauge", 5);
        var data = metric.Message(number);
        return new OtlpMetric(
            metric.Text(1), metric.Text(3), metric.Text(2), kind, kind == "sum" && data.Scalar(3) != 0, (int)data.Scalar(2),
            [.. data.Messages(1).Select(point => kind == "histogram" ? Histogram(point) : Number(point))]);
    }

    private static OtlpPoint Number(ProtoMessage point) =>
        new(Attributes(point, 7), point.Has(4) ? point.Double(4) : (long)point.Scalar(6), 0, 0, [], []);

    private static OtlpPoint Histogram(ProtoMessage point) =>
        new(
            Attributes(point, 9), 0, point.Scalar(4), point.Double(5), point.Fixed64s(6),
            [.. point.Fixed64s(7).Select(BitConverter.UInt64BitsToDouble)]);

    private static Dictionary<string, object> Attributes(ProtoMessage message, int number)
    {
        var attributes = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var pair in message.Messages(number))
        {
            // A name that occurs twice is a defect of the sender: Add throws.
            attributes.Add(pair.Text(1), Value(pair.Message(2)));
        }

        return attributes;
    }

    private static object Value(ProtoMessage value) =>
        value.Has(2) ? value.Scalar(2) != 0 : value.Has(3) ? (long)value.Scalar(3) : value.Has(4) ? value.Double(4) : value.Text(1);
}
