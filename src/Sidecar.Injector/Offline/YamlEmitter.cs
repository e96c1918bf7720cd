using System.Text;
using System.Text.Json.Nodes;

namespace Sidecar.Injector.Offline;

/// <summary>JSON to YAML, for what is inserted: in blocks, or on one line where the text around is written so.</summary>
internal static class YamlEmitter
{
    /// <summary>On one line: JSON, which is YAML.</summary>
    public static string Flow(JsonNode? node)
    {
        var text = new StringBuilder();
        WriteFlow(text, node);
        return text.ToString();
    }

    /// <summary>Lines of a block, the first without its indentation.</summary>
    /// <param name="node">An object or a list that is not empty; else it is one line.</param>
    /// <param name="indent">Blanks before the further lines.</param>
    /// <param name="newLine">How lines end in this text.</param>
    public static string Block(JsonNode? node, int indent, string newLine)
    {
        var text = new StringBuilder();
        WriteBlock(text, node, indent, newLine);
        return text.ToString();
    }

    /// <summary><c>key:</c> with its value, as a member of a block.</summary>
    public static string Member(string key, JsonNode? value, int indent, string newLine)
    {
        var text = new StringBuilder();
        WriteMember(text, key, value, indent, newLine);
        return text.ToString();
    }

    /// <summary>A string: as a word where every reader takes it for one, else in quotes.</summary>
    public static string Text(string text) =>
        YamlWords.IsPlainText(text) ? text
        : text.Length > 0 && !text.Contains('\'', StringComparison.Ordinal) && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') && text.Contains('"', StringComparison.Ordinal)
            ? $"'{text}'"
            : Quoted(text);

    private static void WriteBlock(StringBuilder text, JsonNode? node, int indent, string newLine)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                var isFirst = true;
                foreach (var (key, value) in members)
                {
                    text.Append(isFirst ? "" : newLine).Append(' ', isFirst ? 0 : indent);
                    isFirst = false;
                    WriteMember(text, key, value, indent, newLine);
                }

                break;
            case JsonArray { Count: > 0 } items:
                for (var index = 0; index < items.Count; index++)
                {
                    text.Append(index == 0 ? "" : newLine).Append(' ', index == 0 ? 0 : indent).Append("- ");
                    WriteBlock(text, items[index], indent + 2, newLine);
                }

                break;
            default:
                WriteScalar(text, node);
                break;
        }
    }

    private static void WriteMember(StringBuilder text, string key, JsonNode? value, int indent, string newLine)
    {
        text.Append(Text(key)).Append(':');
        switch (value)
        {
            case JsonObject { Count: > 0 }:
                text.Append(newLine).Append(' ', indent + 2);
                WriteBlock(text, value, indent + 2, newLine);
                break;
            case JsonArray { Count: > 0 }:
                text.Append(newLine).Append(' ', indent);
                WriteBlock(text, value, indent, newLine);
                break;
            default:
                text.Append(' ');
                WriteScalar(text, value);
                break;
        }
    }

    private static void WriteScalar(StringBuilder text, JsonNode? node)
    {
        if (node is JsonValue value && value.TryGetValue<string>(out var word))
        {
            text.Append(Text(word));
        }
        else
        {
            WriteFlow(text, node);
        }
    }

    private static void WriteFlow(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                text.Append('{');
                foreach (var (key, value) in members)
                {
                    text.Append(text[^1] == '{' ? "" : ", ").Append(Quoted(key)).Append(": ");
                    WriteFlow(text, value);
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                for (var index = 0; index < items.Count; index++)
                {
                    text.Append(index == 0 ? "" : ", ");
                    WriteFlow(text, items[index]);
                }

                text.Append(']');
                break;
            case JsonValue value when value.TryGetValue<string>(out var word):
                text.Append(Quoted(word));
                break;
            default:
                text.Append(node?.ToJsonString() ?? "null");
                break;
        }
    }

    /// <summary>In double quotes.</summary>
    // JSON's escapes are YAML's, but not its surrogate pairs: characters beyond ASCII stay themselves.
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"':
                    quoted.Append("\\\"");
                    break;
                case '\\':
                    quoted.Append("\\\\");
                    break;
                case '\n':
                    quoted.Append("\\n");
                    break;
                case < 0x20 or (>= 0x7f and <= 0xa0) or 0x2028 or 0x2029 or 0xfeff or 0xfffe or 0xffff:
                    quoted.Append($"\\u{rune.Value:x4}");
                    break;
                default:
                    quoted.Append(rune.ToString());
                    break;
            }
        }

        return quoted.Append('"').ToString();
    }
}
