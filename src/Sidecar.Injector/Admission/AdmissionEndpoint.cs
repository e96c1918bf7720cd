using System.Globalization;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Sidecar.Configuration.Effective;
using Sidecar.Injector.Telemetry;

namespace Sidecar.Injector.Admission;

/// <summary>HTTP around a webhook: bounds, then the envelope, then the decision. What is no review is a clean 4xx; the API server then follows <c>failurePolicy</c>.</summary>
public sealed class AdmissionEndpoint(string webhook, Func<AdmissionRequest, AdmissionAnswer> answer, EventLog log, InjectorMetrics metrics, TimeProvider time)
{
    /// <summary>Largest body; etcd stores no object of half of it.</summary>
    public const int MaxBodyBytes = 3 * 1024 * 1024;

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        metrics.Began();
        var status = StatusCodes.Status500InternalServerError;
        try
        {
            status = await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            status = StatusCodes.Status499ClientClosedRequest;
        }
        catch (BadHttpRequestException e)
        {
            status = await RefuseAsync(context, e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge : "the request is malformed");
        }
        catch (Exception e)
        {
            // Neither "allowed" nor "refused" would be true. With 500 the operator's failurePolicy decides.
            log.Write(LogSeverity.Error, InjectorEvents.InternalError, ("webhook", webhook), ("reason", e.ToString()));
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = status;
            }
        }
        finally
        {
            metrics.Answered(webhook, status, time.GetElapsedTime(started));
        }
    }

    private static string TooLarge => string.Create(CultureInfo.InvariantCulture, $"the body is larger than {MaxBodyBytes} bytes");

    private async Task<int> AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (!HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "POST";
            return await RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "only POST is answered here");
        }

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase))
        {
            return await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, "the content type is not application/json");
        }

        if (request.ContentLength > MaxBodyBytes)
        {
            return await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, TooLarge);
        }

        using var body = new MemoryStream((int)(request.ContentLength ?? 16 * 1024));
        await request.Body.CopyToAsync(body, context.RequestAborted);
        var (review, problem) = AdmissionReview.Read(body.GetBuffer().AsSpan(0, (int)body.Length));
        if (review is null)
        {
            return await RefuseAsync(context, StatusCodes.Status400BadRequest, problem!);
        }

        var bytes = AdmissionReview.Write(review.Uid, answer(review));
        context.Response.ContentType = MediaTypeNames.Application.Json;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        return StatusCodes.Status200OK;
    }

    private async Task<int> RefuseAsync(HttpContext context, int status, string reason)
    {
        log.Write(LogSeverity.Warn, InjectorEvents.ReviewRefused, ("webhook", webhook), ("status", status.ToString(CultureInfo.InvariantCulture)), ("reason", reason));
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = MediaTypeNames.Text.Plain;
            await context.Response.WriteAsync($"{reason}\n", context.RequestAborted);
        }

        return status;
    }
}
