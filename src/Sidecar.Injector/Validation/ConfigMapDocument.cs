using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Validation;

/// <summary>The configuration document of a ConfigMap, if it is one of those that a proxy reads.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Text">The document.</param>
/// <param name="IsFirst">It is the first that a proxy reads, so nothing before it can define what it names.</param>
internal sealed record ConfigMapDocument(string Name, string Text, bool IsFirst)
{
    // A name of the API server's has at most 253 characters; what is longer is none.
    private const int MaxNameLength = 253;

    /// <summary>Finds it; null when there is none: another ConfigMap, or one without the key.</summary>
    /// <param name="namespaceName">Of the request.</param>
    /// <param name="configMap">Hostile.</param>
    /// <param name="problem">Why it is there and cannot be read.</param>
    public static ConfigMapDocument? Find(string namespaceName, JsonObject configMap, out string? problem)
    {
        problem = null;
        var metadata = ObjectOf(configMap, "metadata");
        var name = TextOf(metadata, "name");
        var isFirst = name == PodNames.PlatformConfigMap;
        if (!isFirst && name != PodNames.PoliciesConfigMap && TextOf(ObjectOf(metadata, "labels"), PodNames.DocumentLabel) != "true")
        {
            return null;
        }

        var shown = $"ConfigMap {Shown(namespaceName)}/{Shown(name ?? "(unnamed)")}, {PodNames.DocumentKey}";
        if (TextOf(ObjectOf(configMap, "data"), PodNames.DocumentKey) is { } text)
        {
            return new ConfigMapDocument(shown, text, isFirst);
        }

        // The kubelet mounts both alike.
        if (TextOf(ObjectOf(configMap, "binaryData"), PodNames.DocumentKey) is not { } base64)
        {
            return null;
        }

        try
        {
            var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            return new ConfigMapDocument(shown, strict.GetString(Convert.FromBase64String(base64)), isFirst);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            problem = $"{shown}: its binaryData is no UTF-8 text";
            return null;
        }
    }

    private static JsonObject? ObjectOf(JsonObject? parent, string name) => Member(parent, name) as JsonObject;

    private static string? TextOf(JsonObject? parent, string name)
    {
        try
        {
            return Member(parent, name) is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
        }
        catch (InvalidOperationException)
        {
            // An unpaired surrogate.
            return null;
        }
    }

    private static JsonNode? Member(JsonObject? parent, string name)
    {
        try
        {
            return parent?[name];
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // The object has a key twice, or one that is no text: the API server sends neither.
            return null;
        }
    }

    private static string Shown(string name) =>
        string.Concat((name.Length > MaxNameLength ? name[..MaxNameLength] : name).Select(static c => c is > ' ' and <= '~' ? c : '?'));
}
