using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Certificates;

/// <summary>A Secret as it was read; null content: it does not exist.</summary>
/// <param name="Document">The whole object: what is not ours is written back as it was.</param>
/// <param name="Data">Its decoded values.</param>
internal sealed record SecretReading(JsonObject? Document, IReadOnlyDictionary<string, string> Data);

/// <summary>The Secret that replicas share. Writes are optimistic: whoever comes second reads again.</summary>
internal sealed class CertificateSecret(ApiClient api, string @namespace, string name)
{
    private const string Json = "application/json";

    private readonly string _collection = $"/api/v1/namespaces/{Uri.EscapeDataString(@namespace)}/secrets";

    private string Path => $"{_collection}/{Uri.EscapeDataString(name)}";

    /// <summary>Reads it, from etcd and not from a cache: what is decided here must not be older than what was published.</summary>
    /// <exception cref="ApiException">It cannot be read.</exception>
    public async Task<SecretReading> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await api.GetAsync(Path, cancellationToken);
            var data = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (key, value) in answer.RootElement.Member("data").Texts())
            {
                if (Decode(value) is { } text)
                {
                    data[key] = text;
                }
            }

            return new SecretReading(JsonObject.Create(answer.RootElement.Clone()), data);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return new SecretReading(Document: null, new Dictionary<string, string>());
        }
    }

    /// <summary>Writes our values; everything else in the Secret stays.</summary>
    /// <returns>False when somebody else wrote in between: read again.</returns>
    /// <exception cref="ApiException">It cannot be written.</exception>
    public async Task<bool> WriteAsync(SecretReading before, StoredCertificates certificates, CancellationToken cancellationToken)
    {
        var secret = before.Document ?? New();
        if (secret["data"] is not JsonObject data)
        {
            secret["data"] = data = [];
        }

        foreach (var (key, value) in certificates.Write())
        {
            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        }

        try
        {
            // The update carries the resource version that was read: a later one is refused.
            var isNew = before.Document is null;
            using var _ = await api.SendAsync(
                isNew ? HttpMethod.Post : HttpMethod.Put, isNew ? _collection : Path, Json, Encoding.UTF8.GetBytes(secret.ToJsonString()), cancellationToken);
            return true;
        }
        catch (ApiException e) when (e.Status == 409 || (e.IsNotFound && before.Document is not null))
        {
            return false;
        }
    }

    private JsonObject New() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["type"] = "kubernetes.io/tls",
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = @namespace,
            ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "sidecar-injector" },
        },
    };

    private static string? Decode(string base64)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
