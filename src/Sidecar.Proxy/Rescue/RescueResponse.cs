using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Rescue;

/// <summary>
/// Writes the answers we make: <c>application/problem+json</c> (RFC 9457) for HTTP, trailers-only for gRPC, which reads
/// its status nowhere else.
/// </summary>
public static class RescueResponse
{
    /// <summary>Writes the answer to <see cref="RequestRecord.Failure"/>. The response must not have started.</summary>
    public static Task WriteAsync(HttpContext context, RequestRecord record)
    {
        var response = context.Response;
        var row = ProxyErrorTable.Row(record.Failure);
        var status = record.FailureStatus != 0 ? record.FailureStatus
            : record.Direction == LabelValues.Name(Direction.Inbound) ? row.InboundStatus : row.Status;
        response.Clear();
        var headers = response.Headers;
        headers[HeaderNames.Flags] = record.Flags.ToString();
        headers[HeaderNames.RequestId] = record.RequestId;
        if (row.HasRetryAfter)
        {
            headers.RetryAfter = RetryAfterSeconds(record.RefusedFor);
        }

        if (record.ClosesConnection && !HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            headers.Connection = "close";
        }

        if (record.IsGrpc)
        {
            return WriteGrpcAsync(response, record, row);
        }

        response.StatusCode = status;
        return WriteProblemAsync(response, record, row, status);
    }

    private static Task WriteGrpcAsync(HttpResponse response, RequestRecord record, ProxyErrorRow row)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = row.GrpcStatus.ToString(System.Globalization.CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = row.Sentence;
        record.GrpcStatus = row.GrpcStatus;
        return response.CompleteAsync();
    }

    private static Task WriteProblemAsync(HttpResponse response, RequestRecord record, ProxyErrorRow row, int status)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "about:blank"u8);
            json.WriteString("title"u8, row.Sentence);
            json.WriteNumber("status"u8, status);
            json.WriteString("flag"u8, row.Flag);
            json.WriteString("route"u8, record.Route);
            json.WriteString("requestId"u8, record.RequestId);
            json.WriteEndObject();
        }

        response.ContentType = "application/problem+json";
        response.ContentLength = body.WrittenCount;
        if (HttpMethods.IsHead(record.Method))
        {
            return Task.CompletedTask;
        }

        record.ResponseBytes = body.WrittenCount;
        return response.Body.WriteAsync(body.WrittenMemory, response.HttpContext.RequestAborted).AsTask();
    }

    private static string RetryAfterSeconds(TimeSpan? after) =>
        // Whole seconds (RFC 9110 §10.2.3), rounded up, so that nobody comes back too early.
        Math.Max(1, (long)Math.Ceiling((after ?? TimeSpan.Zero).TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
