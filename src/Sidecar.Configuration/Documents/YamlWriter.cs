using System.Globalization;
using System.Text;

namespace Sidecar.Configuration.Documents;

/// <summary>A tree as YAML that every reader takes the same way: objects in blocks, lists of scalars in a line.</summary>
internal static class YamlWriter
{
    private const int Indent = 2;

    /// <summary>The text of a tree.</summary>
    public static string Write(ObjectNode root)
    {
        var text = new StringBuilder();
        WriteMembers(text, root, 0);
        return text.ToString();
    }

    private static void WriteMembers(StringBuilder text, ObjectNode node, int indent, bool isFirstIndented = true)
    {
        foreach (var (key, value) in node.Members)
        {
            text.Append(' ', isFirstIndented ? indent : 0).Append(Key(key)).Append(':');
            isFirstIndented = true;
            WriteValue(text, value, indent);
        }
    }

    private static void WriteValue(StringBuilder text, DocumentNode value, int indent)
    {
        switch (value)
        {
            case ObjectNode { Members.Count: > 0 } members:
                text.Append('\n');
                WriteMembers(text, members, indent + Indent);
                break;
            case ListNode list when list.Items.Any(item => item is not ScalarNode):
                text.Append('\n');
                foreach (var item in list.Items)
                {
                    WriteItem(text, item, indent + Indent);
                }

                break;
            default:
                text.Append(' ').Append(Inline(value)).Append('\n');
                break;
        }
    }

    private static void WriteItem(StringBuilder text, DocumentNode item, int indent)
    {
        text.Append(' ', indent).Append("- ");
        if (item is ObjectNode { Members.Count: > 0 } members)
        {
            WriteMembers(text, members, indent + Indent, isFirstIndented: false);
        }
        else
        {
            text.Append(Inline(item)).Append('\n');
        }
    }

    private static string Inline(DocumentNode value) => value switch
    {
        ScalarNode { Kind: ScalarKind.String } scalar => Text(scalar.Text),
        ScalarNode scalar => scalar.Text,
        ListNode list => $"[{string.Join(", ", list.Items.Select(Inline))}]",
        _ => "{}",
    };

    // A whole number stays what it is as a key everywhere.
    private static string Key(string key) =>
        IsPlain(key) || (key.All(char.IsAsciiDigit) && PlainScalar.Classify(key).Kind == ScalarKind.Number) ? key : Quote(key);

    private static string Text(string text) => IsPlain(text) ? text : Quote(text);

    /// <summary>Words that no YAML reader could take for anything else.</summary>
    private static bool IsPlain(string text) =>
        text.Length > 0
        && (char.IsAsciiLetterOrDigit(text[0]) || text[0] == '/')
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
        && PlainScalar.Classify(text).Kind == ScalarKind.String;

    /// <summary>Double quotes, everything but printable ASCII escaped (YAML 1.2 §5.7).</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            var code = rune.Value;
            _ = code switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                >= ' ' and <= '~' => quoted.Append((char)code),
                <= 0xFFFF => quoted.Append("\\u").Append(code.ToString("x4", CultureInfo.InvariantCulture)),
                _ => quoted.Append("\\U").Append(code.ToString("x8", CultureInfo.InvariantCulture)),
            };
        }

        return quoted.Append('"').ToString();
    }
}
