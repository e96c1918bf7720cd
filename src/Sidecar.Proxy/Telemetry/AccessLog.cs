using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Telemetry;

/// <summary>A header that the configuration lists for the log, as it came; hostile.</summary>
/// <param name="Name">Name as the configuration writes it.</param>
/// <param name="Value">Its value.</param>
public readonly record struct CapturedHeader(string Name, string Value);

/// <summary>
/// The line per request. Always for a request with any flag, with more than one attempt, or slower than <c>slow</c> (streams
/// are never slow), at most <c>linesPerSecond</c> of these, beyond which a counted summary is written; other successes by
/// <c>successRatio</c>. The level is that of the flag that says how the request ended. Header values only of names that the
/// configuration lists; the query of the target never.
/// </summary>
public sealed class AccessLog : IDisposable
{
    private const int MaxHeaders = 16, FixedFields = 32;

    private readonly EventLog _events;
    private readonly TimeProvider _time;
    private readonly Func<long> _randomBits;
    private readonly LineRateLimit _limit;
    private volatile AccessLogConfiguration _configuration;

    /// <param name="events">Where lines go.</param>
    /// <param name="time">Clock of the records' timestamps and of the limit.</param>
    /// <param name="randomBits">64 random bits.</param>
    /// <param name="configuration"><c>telemetry.accessLog</c>.</param>
    public AccessLog(EventLog events, TimeProvider time, Func<long> randomBits, AccessLogConfiguration configuration)
    {
        _events = events;
        _time = time;
        _randomBits = randomBits;
        _configuration = configuration;
        _limit = new LineRateLimit(time, configuration.LinesPerSecond, count =>
            events.Write(LogEvents.AccessLogSuppressed, LogSeverity.Warn, [("count", count)]));
    }

    /// <summary>Request headers to capture for <see cref="Write"/>; usually empty.</summary>
    public ImmutableArray<string> RequestHeaders => _configuration.RequestHeaders;

    /// <summary>Response headers to capture for <see cref="Write"/>; usually empty.</summary>
    public ImmutableArray<string> ResponseHeaders => _configuration.ResponseHeaders;

    /// <summary>Takes a new configuration.</summary>
    public void Apply(AccessLogConfiguration configuration)
    {
        _configuration = configuration;
        _limit.LinesPerSecond = configuration.LinesPerSecond;
    }

    /// <summary>Writes the line of a finished request, if it gets one.</summary>
    public void Write(RequestRecord record, ReadOnlySpan<CapturedHeader> requestHeaders, ReadOnlySpan<CapturedHeader> responseHeaders)
    {
        var severity = Severity(record);
        var total = _time.GetElapsedTime(record.StartTimestamp, record.EndTimestamp);
        if (!_events.IsEnabled(severity) || !(IsRemarkable(record, total) ? _limit.TryPass() : IsSampled()))
        {
            return;
        }

        var room = default(Fields);
        Span<LogField> fields = room;
        var count = Fill(fields, record, total);
        count = FillHeaders(fields, count, requestHeaders, "requestHeader.");
        count = FillHeaders(fields, count, responseHeaders, "responseHeader.");
        _events.Write(LogEvents.Request, severity, fields[..count]);
    }

    /// <summary>Writes the line of a connection that was carried as TCP, if it gets one: always with a flag, others by <c>successRatio</c>.</summary>
    public void WriteConnection(RequestRecord record)
    {
        var severity = Severity(record);
        if (!_events.IsEnabled(severity) || !(record.Flags.IsEmpty ? IsSampled() : _limit.TryPass()))
        {
            return;
        }

        _events.Write(
            LogEvents.Connection,
            severity,
            [
                ("direction", record.Direction), ("route", LabelValues.Route(record.Route)), ("cluster", record.Cluster),
                ("destination", record.AttemptCount > 0 ? record.LastAttempt.Destination : record.Target), ("dialled", record.Target),
                ("sni", record.Host), ("protocol", record.Protocol), ("flags", record.Flags.IsEmpty ? "" : record.Flags.ToString()),
                ("detail", record.Detail), ("durationMs", _time.GetElapsedTime(record.StartTimestamp, record.EndTimestamp)),
                ("connectMs", record.HeadersTime ?? TimeSpan.Zero), ("sentBytes", record.RequestBytes), ("receivedBytes", record.ResponseBytes),
            ]);
    }

    /// <summary>Ends the limit's timer; a summary that is due is written.</summary>
    public void Dispose() => _limit.Dispose();

    private static LogSeverity Severity(RequestRecord record)
    {
        var cause = record.Flags.Cause;
        return ProxyErrorTable.Row(cause != ProxyError.None ? cause : record.Flags.Latest).Severity;
    }

    private bool IsRemarkable(RequestRecord record, TimeSpan total) =>
        !record.Flags.IsEmpty || record.AttemptCount > 1 || (!record.IsStream && _configuration.Slow is { } slow && total > slow);

    private bool IsSampled()
    {
        var ratio = _configuration.SuccessRatio;
        return ratio >= 1 || (ratio > 0 && ((ulong)_randomBits() >> 11) * (1.0 / (1UL << 53)) < ratio);
    }

    private static int Fill(Span<LogField> fields, RequestRecord record, TimeSpan total)
    {
        var attempts = record.AttemptCount;
        var proxy = total - record.UpstreamTime - record.WaitTime;
        var count = 0;
        fields[count++] = ("direction", record.Direction);
        fields[count++] = ("route", LabelValues.Route(record.Route));
        fields[count++] = ("cluster", record.Cluster);
        fields[count++] = ("destination", attempts > 0 ? record.LastAttempt.Destination : "");
        fields[count++] = ("method", record.Method);
        fields[count++] = ("host", record.Host);
        fields[count++] = ("target", LoggedTarget.Of(record.Target));
        fields[count++] = ("protocol", record.Protocol);
        fields[count++] = ("status", record.Status);
        if (record.GrpcStatus >= 0)
        {
            fields[count++] = ("grpcStatus", record.GrpcStatus);
        }

        fields[count++] = ("flags", record.Flags.IsEmpty ? "" : record.Flags.ToString());
        fields[count++] = ("detail", record.Detail);
        fields[count++] = ("attempts", attempts);
        fields[count++] = ("durationMs", total);
        fields[count++] = ("proxyMs", proxy);
        fields[count++] = ("upstreamMs", record.UpstreamTime);
        fields[count++] = ("waitMs", record.WaitTime);
        if (record.HeadersTime is { } headers)
        {
            fields[count++] = ("headersMs", headers);
        }

        if (record.IsStream)
        {
            fields[count++] = ("stream", true);
        }

        fields[count++] = ("requestBytes", record.RequestBytes);
        fields[count++] = ("responseBytes", record.ResponseBytes);
        fields[count++] = ("requestId", record.RequestId);
        fields[count++] = ("traceId", record.TraceId);
        fields[count++] = ("spanId", record.SpanId);
        return count;
    }

    // Names come from the configuration, so they are few and harmless; values are the peer's.
    private static int FillHeaders(Span<LogField> fields, int count, ReadOnlySpan<CapturedHeader> headers, string prefix)
    {
        foreach (var header in headers.Length > MaxHeaders ? headers[..MaxHeaders] : headers)
        {
            fields[count++] = (prefix + header.Name, header.Value);
        }

        return count;
    }

    // On the stack: in an array of the heap every string would be told to the collector, and would have to be cleared again.
    [InlineArray(FixedFields + (2 * MaxHeaders))]
    private struct Fields
    {
        private LogField _first;
    }
}
