using System.Text.Json;

namespace Sidecar.Injector.Kubernetes;

/// <summary>Reads what may be anything: a missing or differently typed member is simply not there.</summary>
internal static class JsonReading
{
    /// <summary>A member of an object.</summary>
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A member far below.</summary>
    public static JsonElement? Member(this JsonElement element, string first, params ReadOnlySpan<string> rest)
    {
        var value = element.Member(first);
        foreach (var name in rest)
        {
            value = value?.Member(name);
        }

        return value;
    }

    /// <summary>A string member; null for anything else.</summary>
    public static string? Text(this JsonElement element, string name) => element.Member(name).AsText();

    /// <summary>A string; null for anything else, unpaired surrogates included.</summary>
    public static string? AsText(this JsonElement? element)
    {
        if (element is not { ValueKind: JsonValueKind.String } text)
        {
            return null;
        }

        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Items of a list; none for anything else.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>String members of an object; none for anything else.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Texts(this JsonElement? element)
    {
        if (element is not { ValueKind: JsonValueKind.Object } map)
        {
            yield break;
        }

        foreach (var member in map.EnumerateObject())
        {
            if (NameOf(member) is { } name && ((JsonElement?)member.Value).AsText() is { } text)
            {
                yield return new(name, text);
            }
        }
    }

    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
