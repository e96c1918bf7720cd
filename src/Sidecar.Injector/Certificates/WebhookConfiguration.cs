using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Certificates;

/// <summary>One webhook configuration, as far as caBundle goes.</summary>
/// <param name="Path">Of the object.</param>
/// <param name="Version">Resource version that was read.</param>
/// <param name="Bundles">caBundle of each webhook, as PEM; empty where there is none.</param>
public sealed record WebhookConfiguration(string Path, string Version, ImmutableArray<string> Bundles)
{
    /// <summary>Trusted by every webhook of it.</summary>
    public IEnumerable<CertificateFacts> Trusted => Bundles
        .Select(static bundle => CertificateText.ReadBundle(bundle).AsEnumerable())
        .Aggregate(static (all, next) => all.Intersect(next));

    /// <summary>Reads the object.</summary>
    /// <exception cref="ApiException">It is none.</exception>
    public static WebhookConfiguration Read(string path, JsonElement element) => new(
        path,
        element.Member("metadata", "resourceVersion").AsText() ?? throw new ApiException(0, $"GET {path}: the answer is no object"),
        [.. element.Items("webhooks").Select(static webhook => Decode(webhook.Member("clientConfig", "caBundle").AsText()))]);

    /// <summary>
    /// A JSON Patch that writes the bundle where it differs; null where it nowhere does. It touches nothing else, and its
    /// first operation fails when the object changed since it was read.
    /// </summary>
    public byte[]? PatchTo(string bundle)
    {
        if (Bundles.All(present => present == bundle))
        {
            return null;
        }

        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(bundle));
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            Write(json, "test", "/metadata/resourceVersion", Version);
            for (var i = 0; i < Bundles.Length; i++)
            {
                if (Bundles[i] != bundle)
                {
                    // "add" replaces a member that is there.
                    Write(json, "add", $"/webhooks/{i}/clientConfig/caBundle", encoded);
                }
            }

            json.WriteEndArray();
        }

        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string operation, string path, string value)
    {
        json.WriteStartObject();
        json.WriteString("op", operation);
        json.WriteString("path", path);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static string Decode(string? base64)
    {
        try
        {
            return base64 is null ? "" : Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            return "";
        }
    }
}
