using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Sidecar.Proxy.Admin;

/// <summary>How every admin answer is written: JSON, never cached, never sniffed, never HTML.</summary>
internal static class AdminResponse
{
    // The default encoder escapes for HTML pages and makes messages unreadable (\u0027); these answers are JSON that no
    // browser takes for anything else: nosniff.
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a JSON body.</summary>
    public static async Task WriteJsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        Begin(context, status, "application/json");
        await WriteBodyAsync(context, write);
    }

    /// <summary>Writes a refusal as <c>application/problem+json</c> (RFC 9457).</summary>
    public static async Task WriteProblemAsync(HttpContext context, int status, string title)
    {
        Begin(context, status, "application/problem+json");
        await WriteBodyAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("title", title);
            json.WriteNumber("status", status);
            json.WriteEndObject();
        });
    }

    /// <summary>Sets status and the headers that all answers share.</summary>
    public static void Begin(HttpContext context, int status, string contentType)
    {
        var headers = context.Response.Headers;
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
    }

    private static async Task WriteBodyAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        // Into memory first: a Content-Length tells a reader that it got the whole answer.
        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            write(json);
        }

        buffer.WriteByte((byte)'\n');
        context.Response.ContentLength = buffer.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), context.RequestAborted);
        }
    }
}
