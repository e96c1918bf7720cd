using System.Net;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Turns the accounts that the layers fill into metrics, spans and lines: the one thing the request path calls. Nothing
/// in it blocks or throws; a request that is neither sampled nor logged allocates nothing here.
/// </summary>
public sealed class RequestTelemetry : IPolicyEvents, IDisposable
{
    // The parser's refusals can come at the speed of an attack.
    private const int MalformedLinesPerSecond = 10;

    private readonly SidecarMeter _meter;
    private readonly EventLog _events;
    private readonly AccessLog _accessLog;
    private readonly Tracing _tracing;
    private readonly LineRateLimit _malformed;

    /// <param name="meter">Counts.</param>
    /// <param name="events">Event lines.</param>
    /// <param name="accessLog">Lines of requests.</param>
    /// <param name="tracing">Spans.</param>
    /// <param name="time">Clock of the line limits.</param>
    public RequestTelemetry(SidecarMeter meter, EventLog events, AccessLog accessLog, Tracing tracing, TimeProvider time)
    {
        _meter = meter;
        _events = events;
        _accessLog = accessLog;
        _tracing = tracing;
        _malformed = new LineRateLimit(time, MalformedLinesPerSecond, count =>
            events.Write(LogEvents.MalformedRequest, LogSeverity.Info, [("suppressed", count)]));
        tracing.Limited = () => meter.TelemetryLost(LostKinds.Spans, 1);
    }

    /// <summary>The lines of requests: says which headers to capture.</summary>
    public AccessLog AccessLog => _accessLog;

    /// <summary>Spans: reads the trace headers, says what goes upstream.</summary>
    public Tracing Tracing => _tracing;

    /// <summary>Takes a new configuration; effective from the next request.</summary>
    public void Apply(TelemetryConfiguration configuration)
    {
        _events.MinimumLevel = configuration.LogLevel;
        _accessLog.Apply(configuration.AccessLog);
        _tracing.Apply(configuration.TraceRatio);
    }

    /// <summary>A request ended and its account is complete: metrics, span, line. Call it once.</summary>
    /// <param name="record">The account.</param>
    /// <param name="requestHeaders">Values of <see cref="AccessLog.RequestHeaders"/> that were present.</param>
    /// <param name="responseHeaders">Values of <see cref="AccessLog.ResponseHeaders"/> that were present.</param>
    public void OnRequestFinished(
        RequestRecord record, ReadOnlySpan<CapturedHeader> requestHeaders = default, ReadOnlySpan<CapturedHeader> responseHeaders = default)
    {
        FinishAbandonedAttempt(record);
        _meter.RequestFinished(record);
        _tracing.End(record);
        _accessLog.Write(record, requestHeaders, responseHeaders);
    }

    /// <inheritdoc/>
    public void AttemptStarted(RequestRecord record)
    {
        _meter.AttemptStarted(record);
        _tracing.BeginAttempt(record);
    }

    /// <inheritdoc/>
    public void AttemptFinished(RequestRecord record)
    {
        ref var attempt = ref record.LastAttempt;
        if (attempt.IsReported)
        {
            return;
        }

        attempt.IsReported = true;
        _meter.AttemptFinished(record, attempt);
        _tracing.EndAttempt(record, record.AttemptCount - 1);
    }

    /// <inheritdoc/>
    public void RetryConsidered(RequestRecord record, RetryDecision decision, TimeSpan wait)
    {
        _meter.RetryConsidered(record, decision);
        _tracing.RetryConsidered(record, decision, wait);
    }

    /// <inheritdoc/>
    public void BreakerChanged(in BreakerTransition transition)
    {
        _meter.BreakerChanged(transition);
        var severity = transition.To == BreakerState.Closed ? LogSeverity.Info : LogSeverity.Warn;
        _events.Write(LogEvents.BreakerTransition, severity,
        [
            ("direction", transition.Direction), ("route", transition.Route), ("cluster", transition.Cluster), ("destination", transition.Destination),
            ("from", LabelValues.Name(transition.From)), ("to", LabelValues.Name(transition.To)), ("reason", transition.Reason),
            ("openForMs", transition.OpenFor), ("failures", transition.Failures), ("requests", transition.Requests),
        ]);
        if (SidecarMeter.IsEjection(transition))
        {
            _events.Write(LogEvents.Ejection, LogSeverity.Warn,
            [
                ("direction", transition.Direction), ("route", transition.Route), ("cluster", transition.Cluster),
                ("destination", transition.Destination), ("reason", transition.Reason), ("openForMs", transition.OpenFor),
            ]);
        }
    }

    /// <inheritdoc/>
    public void Refused(RequestRecord record, ProxyError error)
    {
        if (error == ProxyError.CircuitOpen)
        {
            _tracing.CircuitOpen(record);
        }
    }

    /// <summary>An intercepted connection was looked at.</summary>
    /// <param name="direction">Its direction.</param>
    /// <param name="outcome">One of a closed set.</param>
    public void Detected(string direction, string outcome) => _meter.Detected(direction, outcome);

    /// <summary>A connection was refused before it carried anything: counted by flag; a loop is told in a line, at most ten a second.</summary>
    public void ConnectionRefused(string direction, ProxyError error, string? detail = null, IPEndPoint? destination = null)
    {
        _meter.ConnectionRefused(direction, error);
        if (error == ProxyError.Loop && _malformed.TryPass())
        {
            _events.Write(LogEvents.LoopRefused, LogSeverity.Error,
                [("direction", direction), ("destination", destination?.ToString()), ("flags", ProxyErrorTable.Flag(error)), ("detail", detail)]);
        }
    }

    /// <summary>A connection that was carried as TCP ended.</summary>
    public void OnConnectionFinished(RequestRecord record)
    {
        _meter.ConnectionFinished(record);
        _accessLog.WriteConnection(record);
    }

    /// <summary>The configuration was read again.</summary>
    public void ConfigReloaded(ReloadResult result) => _meter.ConfigReloaded(result);

    /// <summary>The HTTP parser below us refused bytes before they were a request: counted as <c>BR</c>, with at most ten lines a second.</summary>
    /// <param name="direction">Direction of the listener.</param>
    /// <param name="detail">What the parser said; escaped before it is written.</param>
    public void Malformed(string direction, string? detail)
    {
        _meter.Malformed(direction);
        if (_events.IsEnabled(LogSeverity.Info) && _malformed.TryPass())
        {
            _events.Write(LogEvents.MalformedRequest, LogSeverity.Info,
                [("direction", direction), ("flags", ProxyErrorTable.Flag(ProxyError.MalformedRequest)), ("detail", detail)]);
        }
    }

    /// <summary>Ends the timers of the line limits; summaries that are due are written.</summary>
    public void Dispose()
    {
        _malformed.Dispose();
        _accessLog.Dispose();
    }

    // A request that was torn down in the middle of an attempt: the attempt ends with it, so that attempts and durations agree.
    private void FinishAbandonedAttempt(RequestRecord record)
    {
        if (record.AttemptCount > 0 && !record.LastAttempt.IsReported)
        {
            ref var attempt = ref record.LastAttempt;
            attempt.EndTimestamp = attempt.EndTimestamp == 0 ? record.EndTimestamp : attempt.EndTimestamp;
            attempt.Error = attempt is { Error: ProxyError.None, Status: 0 } ? record.Flags.Cause : attempt.Error;
            AttemptFinished(record);
        }
    }
}
