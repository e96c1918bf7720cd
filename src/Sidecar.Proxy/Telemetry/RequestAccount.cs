using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// The outermost layer: opens the account of a request, and closes it when everything below has ended, rescued failures
/// included, so that what is counted is what the caller saw.
/// </summary>
/// <param name="telemetry">Metrics, span and line.</param>
/// <param name="counters">What is in flight.</param>
/// <param name="requestIds">Ids for callers that name none.</param>
/// <param name="time">Clock.</param>
public sealed class RequestAccount(RequestTelemetry telemetry, TrafficCounters counters, RequestIds requestIds, TimeProvider time)
{
    /// <summary>What the log says of a caller that went away; nginx's number.</summary>
    private const int ClientClosedRequest = 499;

    private static readonly SearchValues<char> VisibleAscii = SearchValues.Create(
        "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>A request begins.</summary>
    /// <param name="context">The request.</param>
    /// <param name="caller">The connection it came in by.</param>
    public RequestRecord Open(HttpContext context, ICallerConnection caller)
    {
        caller.RequestBegins();
        counters.RequestStarted(caller.Direction);
        var request = context.Request;
        var headers = request.Headers;
        var record = RequestRecord.Rent();
        record.Caller = caller;
        record.Direction = LabelValues.Name(caller.Direction);
        record.StartTimestamp = time.GetTimestamp();
        record.Method = request.Method;
        record.Target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        record.Host = request.Host.Value ?? "";
        record.Protocol = ProtocolName(request.Protocol);
        record.IsGrpc = GrpcContentType.Matches(request.ContentType);
        record.RequestId = headers[HeaderNames.RequestId] is [{ Length: >= 1 and <= 128 } given] && !given.AsSpan().ContainsAnyExcept(VisibleAscii)
            ? given
            : requestIds.Next();
        context.Features.Set(record);
        telemetry.Tracing.Begin(record, headers.TraceParent, headers.TraceState, headers.Baggage);
        return record;
    }

    /// <summary>It has ended; its record is nobody's from here on.</summary>
    public void Close(HttpContext context, RequestRecord record, ICallerConnection caller)
    {
        record.EndTimestamp = time.GetTimestamp();
        var isCallerGone = record.Flags.Latest == ProxyError.CallerGone;
        record.Status = isCallerGone && !context.Response.HasStarted ? ClientClosedRequest : context.Response.StatusCode;
        counters.RequestEnded(caller.Direction, aborted: isCallerGone || (record.Failure != ProxyError.None && record.HeadersTime is not null));
        var log = telemetry.AccessLog;
        if (log.RequestHeaders.IsEmpty && log.ResponseHeaders.IsEmpty)
        {
            telemetry.OnRequestFinished(record);
        }
        else
        {
            telemetry.OnRequestFinished(
                record, Captured(context.Request.Headers, log.RequestHeaders), Captured(context.Response.Headers, log.ResponseHeaders));
        }

        context.Features.Set<RequestRecord>(null);
        record.GiveBack();
        caller.RequestEnded();
    }

    private static CapturedHeader[] Captured(IHeaderDictionary headers, System.Collections.Immutable.ImmutableArray<string> names) =>
        [.. names.Where(headers.ContainsKey).Select(name => new CapturedHeader(name, headers[name].ToString()))];

    private static string ProtocolName(string protocol) =>
        HttpProtocol.IsHttp2(protocol) ? "http/2" : HttpProtocol.IsHttp11(protocol) ? "http/1.1" : "http/1.0";
}
