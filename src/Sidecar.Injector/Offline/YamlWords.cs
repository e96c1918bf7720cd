using System.Globalization;
using System.Text.Json.Nodes;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Offline;

/// <summary>What kubectl's YAML reader makes of a word without quotes: YAML 1.1 with its many spellings of true.</summary>
internal static class YamlWords
{
    /// <summary>The value.</summary>
    public static JsonNode? Resolve(string word) => word switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "y" or "Y" or "on" or "On" or "ON" => JsonValue.Create(true),
        "false" or "False" or "FALSE" or "no" or "No" or "NO" or "n" or "N" or "off" or "Off" or "OFF" => JsonValue.Create(false),
        _ when IsNumber(word) => Number(word),
        _ => JsonValue.Create(word),
    };

    /// <summary>Does it mean the same text to every reader when it stands without quotes?</summary>
    public static bool IsPlainText(string text) =>
        text.Length is > 0 and <= 200
        && (char.IsAsciiLetter(text[0]) || text[0] == '/' || IsFlag(text) || IsAmount(text))
        && text[^1] != ':'
        && !text.AsSpan().ContainsAnyExcept(Characters.OfPlainWord)
        && Resolve(text) is JsonValue value
        && value.TryGetValue<string>(out _);

    private static bool IsFlag(string text) => text.StartsWith("--", StringComparison.Ordinal) && text.Length > 2 && char.IsAsciiLetter(text[2]);

    private static bool IsAmount(string text)
    {
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return digits > 0 && text.AsSpan(digits) is "m" or "Ki" or "Mi" or "Gi" or "s";
    }

    private static bool IsNumber(string word) =>
        word.Length <= 64
        && (char.IsAsciiDigit(word[0]) || word[0] is '-' or '+' or '.')
        && word.Any(char.IsAsciiDigit)
        && !word.AsSpan().ContainsAnyExcept(Characters.OfAnyNumber);

    private static JsonValue Number(string word) =>
        long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? JsonValue.Create(whole)
        : double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? JsonValue.Create(real)
        : JsonValue.Create(word);
}
