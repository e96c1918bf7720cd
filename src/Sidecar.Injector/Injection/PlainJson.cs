using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sidecar.Injector.Injection;

/// <summary>JSON inside a string of a pod: on one line, readable, and without a dollar sign, which Kubernetes would read as a reference.</summary>
internal static class PlainJson
{
    // Not for HTML: quotes and angle brackets may stand as they are.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text.</summary>
    public static string Write(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            node.WriteTo(json);
        }

        // A dollar sign can stand inside a string only, where it may be escaped.
        return Encoding.UTF8.GetString(buffer.WrittenSpan).Replace("$", "\\u0024", StringComparison.Ordinal);
    }
}
