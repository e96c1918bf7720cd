using System.Net.Http.Headers;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Forwarding;

/// <summary>W3C trace context on its way upstream.</summary>
public static class TraceHeaders
{
    private const string TraceParent = "traceparent";

    /// <summary>Is this one of the fields that are validated and written per attempt instead of copied?</summary>
    public static bool Contains(string name) => name.Length switch
    {
        7 => name.Equals("baggage", StringComparison.OrdinalIgnoreCase),
        10 => name.Equals("tracestate", StringComparison.OrdinalIgnoreCase),
        11 => name.Equals(TraceParent, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <summary>What does not change from attempt to attempt; invalid context was dropped when it was read.</summary>
    public static void WriteRequest(RequestRecord record, HttpRequestHeaders headers)
    {
        foreach (var state in record.Trace.State)
        {
            headers.TryAddWithoutValidation("tracestate", state);
        }

        foreach (var baggage in record.Trace.Baggage)
        {
            headers.TryAddWithoutValidation("baggage", baggage);
        }
    }

    /// <summary>A sampled attempt is the parent of what the upstream does; otherwise the caller's context passes unchanged.</summary>
    public static void WriteAttempt(RequestRecord record, HttpRequestHeaders headers)
    {
        if (Tracing.UpstreamTraceParent(record) is { } parent)
        {
            headers.Remove(TraceParent);
            headers.TryAddWithoutValidation(TraceParent, parent);
        }
    }
}
