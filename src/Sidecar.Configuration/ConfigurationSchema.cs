using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration;

/// <summary>The JSON Schema of the document, for editors and for Helm.</summary>
public static class ConfigurationSchema
{
    private const string Draft = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>
    /// Draft 2020-12, from the key table: closed, with descriptions and defaults. It says what one value may be; bounds of
    /// durations and sizes, and everything between two values, are the reader's.
    /// </summary>
    public static string Write()
    {
        var buffer = new ArrayBufferWriter<byte>();
        // The text is a file and never part of HTML: descriptions keep their apostrophes.
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            var schema = new SchemaWriter(json);
            json.WriteStartObject();
            json.WriteString("$schema", Draft);
            json.WriteString("title", "Sidecar configuration");
            json.WriteString("description", "Listeners, routes, policies and clusters of sidecar-proxy. Durations: 250ms, 5s, 1m30s. Sizes: 64KiB. Ratios: 0 to 1.");
            schema.WriteObject(DocumentKeys.Shape);
            schema.WriteDefinitions();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }
}
