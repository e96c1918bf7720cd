using System.Diagnostics;
using Microsoft.Extensions.Primitives;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Spans: one per request, one per attempt. Whether a request is sampled is decided from its headers and the ratio before any
/// object is made. The rules of what goes upstream (W3C Trace Context, PRODUCT §6):
/// <list type="bullet">
/// <item>sampled: <c>traceparent</c> of the attempt's span, the caller's <c>tracestate</c> and <c>baggage</c>;</item>
/// <item>not sampled, the caller sent a valid context: its headers byte for byte — we take no part in the trace;</item>
/// <item>not sampled, no or an invalid context: none is invented. A <c>traceparent</c> with flag 00 would be valid, but would tell
/// the application behind us not to sample its own traces either: carrying its traffic must not change what it traces.</item>
/// </list>
/// Nothing is sampled while nobody listens to the source, that is, unless OTLP exports traces.
/// </summary>
public sealed class Tracing : IDisposable
{
    /// <summary>Name of the activity source in production.</summary>
    public const string SourceName = "Sidecar";

    // A caller may set the sampled flag on everything; its decision is followed up to this many requests a second, so that it cannot
    // turn the price of a span into everybody's price. Above it the context is passed on as it came.
    private const int SampledByCallerPerSecond = 1000;

    // In an outage every request fails: a few of them explain it.
    private const int LatePerSecond = 10;

    private readonly ActivitySource _source;
    private readonly TimeProvider _time;
    private readonly TraceSampler _sampler;
    private readonly TokenBucket _sampledByCaller, _late;

    /// <param name="time">Clock of the records' timestamps and of the spans' times.</param>
    /// <param name="randomBits">64 random bits.</param>
    /// <param name="environment">Value of an environment variable, or null: <c>OTEL_TRACES_SAMPLER</c>, <c>OTEL_TRACES_SAMPLER_ARG</c>.</param>
    /// <param name="traceRatio"><c>telemetry.traceRatio</c>.</param>
    /// <param name="name">Name of the source; tests that run side by side use their own.</param>
    public Tracing(TimeProvider time, Func<long> randomBits, Func<string, string?> environment, double traceRatio, string name = SourceName)
    {
        _time = time;
        _sampler = TraceSampler.Create(environment, randomBits, traceRatio, out var problem);
        Problem = problem;
        _source = new ActivitySource(name);
        _sampledByCaller = new TokenBucket(time, SampledByCallerPerSecond);
        _late = new TokenBucket(time, LatePerSecond);
    }

    /// <summary>Name to give to <c>AddSource</c>.</summary>
    public string Name => _source.Name;

    /// <summary>What was not understood of the environment; null when all was.</summary>
    public string? Problem { get; }

    /// <summary>Requests a caller had sampled that we did not trace because there were too many; exported as lost spans.</summary>
    public Action? Limited { get; set; }

    /// <summary>Takes a new <c>telemetry.traceRatio</c>; without effect when the environment names the sampler.</summary>
    public void Apply(double traceRatio)
    {
        if (!_sampler.IsFromEnvironment)
        {
            _sampler.Ratio = traceRatio;
        }
    }

    /// <summary>
    /// Reads the trace headers of a request that just arrived, decides, and starts its span when sampled. Call it once
    /// <see cref="RequestRecord.StartTimestamp"/> is set; allocates nothing for a request that is not sampled.
    /// </summary>
    public void Begin(RequestRecord record, StringValues traceParent, StringValues traceState, StringValues baggage)
    {
        record.Trace = TraceContext.Read(traceParent, traceState, baggage);
        if (!_source.HasListeners() || !_sampler.IsSampled(record.Trace))
        {
            return;
        }

        if (record.Trace.HasParent && !_sampledByCaller.TryTake())
        {
            Limited?.Invoke();
            return;
        }

        record.Span = StartRequest(record, _time.GetTimestamp());
    }

    /// <summary>Value of <c>traceparent</c> for the attempt that is running; null: send none. The headers <c>tracestate</c> and <c>baggage</c> are <see cref="RequestRecord.Trace"/>'s.</summary>
    public static string? UpstreamTraceParent(RequestRecord record) =>
        record.AttemptCount > 0 && record.LastAttempt.Span is { } attempt ? attempt.Id
        : record.Span is { } request ? request.Id
        : record.Trace.Parent;

    /// <summary>Starts the span of the attempt that begins.</summary>
    internal void BeginAttempt(RequestRecord record)
    {
        if (record.Span is { } request)
        {
            ref var attempt = ref record.LastAttempt;
            attempt.Span = StartAttempt(record, request, attempt);
        }
    }

    /// <summary>Ends the span of an attempt whose account is filled.</summary>
    internal void EndAttempt(RequestRecord record, int index)
    {
        ref var attempt = ref record.Attempt(index);
        if (attempt.Span is { IsStopped: false } span && record.Span is { } request)
        {
            SpanAttributes.OfAttempt(span, record, attempt, index);
            Stop(span, TimeOf(record, request, attempt.EndTimestamp));
        }
    }

    /// <summary>Notes a wait before a retry, or why there was none.</summary>
    internal void RetryConsidered(RequestRecord record, RetryDecision decision, TimeSpan wait)
    {
        if (record.Span is not { } request)
        {
            return;
        }

        var now = TimeOf(record, request, _time.GetTimestamp());
        request.AddEvent(decision == RetryDecision.Retried
            ? new ActivityEvent("wait", now, new ActivityTagsCollection { ["wait.ms"] = wait.TotalMilliseconds })
            : new ActivityEvent("retry-refused", now, new ActivityTagsCollection { ["reason"] = LabelValues.Name(decision) }));
    }

    /// <summary>Notes that an open circuit refused the request.</summary>
    internal void CircuitOpen(RequestRecord record)
    {
        if (record.Span is { } request)
        {
            request.AddEvent(new ActivityEvent("circuit-open", TimeOf(record, request, _time.GetTimestamp())));
        }
    }

    /// <summary>Ends the request's span; a failed or retried request that was not sampled may get its spans now.</summary>
    internal void End(RequestRecord record)
    {
        if (record.Span is null)
        {
            StartLate(record);
        }

        if (record.Span is { } request)
        {
            SpanAttributes.OfRequest(request, record);
            Stop(request, TimeOf(record, request, record.EndTimestamp));
        }
    }

    /// <summary>Ends the source.</summary>
    public void Dispose() => _source.Dispose();

    // Unless the caller decided, or the operator named a sampler: both would be surprised.
    private void StartLate(RequestRecord record)
    {
        if (!_source.HasListeners() || record.Trace.HasParent || _sampler.IsFromEnvironment
            || (record.AttemptCount < 2 && Outcomes.Of(record) != RequestOutcome.Failure) || !_late.TryTake())
        {
            return;
        }

        record.Span = StartRequest(record, record.EndTimestamp);
        if (record.Span is { } request)
        {
            request.SetTag("sampled.late", true);
            for (var i = 0; i < record.AttemptCount; i++)
            {
                ref var attempt = ref record.Attempt(i);
                attempt.Span = StartAttempt(record, request, attempt);
                EndAttempt(record, i);
            }
        }
    }

    // now: the timestamp that belongs to the wall clock's time of this moment.
    private Activity? StartRequest(RequestRecord record, long now)
    {
        var start = _time.GetUtcNow() - _time.GetElapsedTime(record.StartTimestamp, now);
        var parent = record.Trace.HasParent ? record.Trace.ToActivityContext() : default;
        return Start(LabelValues.Method(record.Method), ActivityKind.Server, parent, start);
    }

    private Activity? StartAttempt(RequestRecord record, Activity request, in AttemptRecord attempt) =>
        Start(LabelValues.Method(record.Method), ActivityKind.Client, request.Context, TimeOf(record, request, attempt.StartTimestamp));

    // The current activity flows with the execution context into everything the request does: it stays what it was.
    private Activity? Start(string name, ActivityKind kind, ActivityContext parent, DateTimeOffset start)
    {
        var current = Activity.Current;
        if (parent == default)
        {
            Activity.Current = null;
        }

        var span = _source.StartActivity(name, kind, parent, tags: null, links: null, start);
        Activity.Current = current;
        return span;
    }

    private static void Stop(Activity span, DateTimeOffset end)
    {
        var current = Activity.Current;
        span.SetEndTime(end.UtcDateTime);
        span.Stop();
        Activity.Current = current;
    }

    // Every time of a request counts from its start on the monotonic clock: children stay inside their parents when the wall clock is set.
    private DateTimeOffset TimeOf(RequestRecord record, Activity request, long timestamp) =>
        new DateTimeOffset(request.StartTimeUtc) + _time.GetElapsedTime(record.StartTimestamp, timestamp);
}
