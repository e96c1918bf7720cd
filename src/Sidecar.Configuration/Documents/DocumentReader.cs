using System.Text;

namespace Sidecar.Configuration.Documents;

/// <summary>A text to its root object, within bounds that keep a hostile one harmless.</summary>
internal static class DocumentReader
{
    /// <summary>Largest source, in bytes of UTF-8 (a Kubernetes ConfigMap holds no more).</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Deepest nesting; the document needs nine.</summary>
    public const int MaxDepth = 32;

    /// <summary>Reads a source; null when there is nothing to go on with (reported).</summary>
    public static ObjectNode? Read(ConfigurationSource source, ProblemList problems)
    {
        var size = Encoding.UTF8.GetByteCount(source.Text);
        if (size > MaxBytes)
        {
            Error(source, problems, $"is {size} bytes long; at most {MaxBytes} (1MiB) are read");
            return null;
        }

        var text = source.Text.StartsWith('\uFEFF') ? source.Text[1..] : source.Text;
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            // The YAML scanner takes NUL for the end of the text: what follows would be ignored.
            Error(source, problems, "contains a NUL character; it is no text");
            return null;
        }

        var errorsBefore = problems.ErrorCount;
        var root = text.AsSpan().TrimStart() is ['{', ..]
            ? JsonReader.Read(source.Name, text, problems)
            : YamlReader.Read(source.Name, text, NodePath.Root, hasLines: true, problems);
        switch (root)
        {
            case ObjectNode document:
                return document;
            // A file that is being rewritten in place is empty for a moment: never take that for "no routes".
            case null or ScalarNode { Kind: ScalarKind.Null } when problems.ErrorCount == errorsBefore:
                Error(source, problems, "is empty; the smallest document is 'version: 1'");
                return null;
            case not null:
                problems.Error(root, $"the document is {root.Description}, not an object of keys such as 'version: 1'");
                return null;
            default:
                return null;
        }
    }

    private static void Error(ConfigurationSource source, ProblemList problems, string message) =>
        problems.Error(new Effective.SourceLocation(source.Name, 0, NodePath.Root.ToString()), message);
}
