using System.Diagnostics;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// What a span says, by OpenTelemetry's semantic conventions where they have a word, else by the names that metrics and log
/// lines use. Only sampled requests come here.
/// </summary>
internal static class SpanAttributes
{
    /// <summary>Fills the request's span.</summary>
    internal static void OfRequest(Activity span, RequestRecord record)
    {
        var route = LabelValues.Route(record.Route);
        span.DisplayName = $"{LabelValues.Method(record.Method)} {route}";
        span.SetTag("direction", record.Direction);
        span.SetTag("route", route);
        SetText(span, "cluster", record.Cluster);
        SetMethod(span, record.Method);
        SetText(span, "url.path", LoggedTarget.Path(record.Target));
        SetText(span, "server.address", LoggedTarget.Cut(WithoutPort(record.Host)));
        SetText(span, "network.protocol.version", record.Protocol.StartsWith("http/", StringComparison.Ordinal) ? record.Protocol[5..] : "");
        SetNumber(span, "http.response.status_code", record.Status);
        SetGrpc(span, record.GrpcStatus);
        SetText(span, "request.id", record.RequestId);
        span.SetTag("attempts", record.AttemptCount);
        SetText(span, "flags", record.Flags.IsEmpty ? "" : record.Flags.ToString());
        SetError(span, Outcomes.ErrorType(record), record.Detail);
    }

    /// <summary>Fills an attempt's span.</summary>
    internal static void OfAttempt(Activity span, RequestRecord record, in AttemptRecord attempt, int index)
    {
        span.SetTag("route", LabelValues.Route(record.Route));
        SetText(span, "cluster", record.Cluster);
        SetText(span, "destination", attempt.Destination);
        SetMethod(span, record.Method);
        SetNumber(span, "http.response.status_code", attempt.Status);
        SetGrpc(span, attempt.GrpcStatus);
        span.SetTag("attempt", index + 1);
        SetNumber(span, "http.request.resend_count", index);
        span.SetTag("connection.reused", attempt.IsConnectionReused);
        if (attempt.WaitedBefore > TimeSpan.Zero)
        {
            span.SetTag("wait.ms", attempt.WaitedBefore.TotalMilliseconds);
        }

        SetError(span, Outcomes.ErrorType(attempt), description: null);
    }

    private static string WithoutPort(string host)
    {
        var colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') ? host[..colon] : host;
    }

    private static void SetMethod(Activity span, string method)
    {
        var known = LabelValues.Method(method);
        span.SetTag("http.request.method", known);
        if (known != method)
        {
            SetText(span, "http.request.method_original", LoggedTarget.Cut(method));
        }
    }

    private static void SetGrpc(Activity span, int status)
    {
        if (status >= 0)
        {
            span.SetTag("rpc.grpc.status_code", status);
        }
    }

    private static void SetError(Activity span, string errorType, string? description)
    {
        if (errorType.Length > 0)
        {
            span.SetTag("error.type", errorType);
            span.SetStatus(ActivityStatusCode.Error, description);
        }
    }

    private static void SetText(Activity span, string name, string value)
    {
        if (value.Length > 0)
        {
            span.SetTag(name, value);
        }
    }

    private static void SetNumber(Activity span, string name, int value)
    {
        if (value > 0)
        {
            span.SetTag(name, value);
        }
    }
}
