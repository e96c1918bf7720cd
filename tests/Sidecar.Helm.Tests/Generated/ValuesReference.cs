using System.Text;

namespace Sidecar.Helm.Tests.Generated;

/// <summary>One value of a chart: path, default as JSON, and the words after <c># --</c> above it.</summary>
internal sealed record ValueEntry(string Path, string Default, string Description);

/// <summary>The values of a chart, read from its values.yaml, and the table of its README.</summary>
internal static class ValuesReference
{
    private const string DescriptionMark = "# -- ";
    private const string Begin = "<!-- values: made from values.yaml by helm/generate.sh -->\n";
    private const string End = "<!-- end of values -->\n";

    /// <summary>The entries in the order of the file; a key without a description is a group, whose members have theirs.</summary>
    public static IReadOnlyList<ValueEntry> Read(string yaml)
    {
        var values = YamlText.Read(yaml)!;
        var entries = new List<ValueEntry>();
        var parents = new List<(int Indent, string Name)>();
        var comment = "";
        foreach (var line in yaml.Split('\n'))
        {
            var text = line.TrimStart();
            var indent = line.Length - text.Length;
            if (text.StartsWith('#'))
            {
                // The lines after the first continue the sentence, as long as there is one.
                comment = text.StartsWith(DescriptionMark, StringComparison.Ordinal) ? text[DescriptionMark.Length..] : comment.Length > 0 ? $"{comment} {text[1..].Trim()}" : "";
                continue;
            }

            if (text.Length == 0 || text.IndexOf(':', StringComparison.Ordinal) is var colon && colon < 0)
            {
                comment = "";
                continue;
            }

            parents.RemoveAll(parent => parent.Indent >= indent);
            parents.Add((indent, text[..colon]));
            if (comment.Length > 0)
            {
                var names = parents.Select(static parent => parent.Name).ToArray();
                var value = names.Aggregate((JsonNode?)values, static (node, name) => node?[name]);
                entries.Add(new ValueEntry(string.Join('.', names), value?.ToJsonString() ?? "null", comment));
                comment = "";
            }
        }

        return entries;
    }

    /// <summary>The README with its table made anew.</summary>
    public static string InReadme(string readme, IEnumerable<ValueEntry> entries)
    {
        var begin = readme.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        return readme[..begin] + "\n" + Table(entries) + "\n" + readme[end..];
    }

    private static string Table(IEnumerable<ValueEntry> entries)
    {
        var table = new StringBuilder("| key | default | meaning |\n|---|---|---|\n");
        foreach (var (path, value, description) in entries)
        {
            table.Append($"| `{path}` | `{value}` | {description.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }

        return table.ToString();
    }
}
