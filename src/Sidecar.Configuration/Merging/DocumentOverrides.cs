using System.Collections.Immutable;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Merging;

/// <summary>Lays <c>--set</c> over the merged document, in the order given.</summary>
internal static class DocumentOverrides
{
    /// <summary>What messages call them.</summary>
    private const string SourceName = "--set";

    private static readonly SourcePosition Position = new(SourceName, 0, 0);

    /// <summary>The document with all of them applied; unusable ones are reported and left out.</summary>
    public static ObjectNode Apply(ObjectNode document, IReadOnlyList<ConfigurationOverride> overrides, ProblemList problems)
    {
        foreach (var expression in overrides.Select(item => item.Expression))
        {
            document = Apply(document, expression, problems);
        }

        return document;
    }

    private static ObjectNode Apply(ObjectNode document, string expression, ProblemList problems)
    {
        var equals = expression.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            Error(expression, "has no '=': write path=value, such as retry.maxRetries=2", problems);
            return document;
        }

        var keys = OverridePath.Parse(expression[..equals]);
        if (keys.IsEmpty)
        {
            Error(expression, "has an empty key in its path: write retry.maxRetries=2, or /clusters/api/loadBalancing=random from the document root", problems);
            return document;
        }

        if (keys.Length >= DocumentReader.MaxDepth || expression.Length > DocumentReader.MaxBytes)
        {
            Error(expression, "is longer or deeper than any document", problems);
            return document;
        }

        var path = keys.Aggregate(NodePath.Root, (parent, key) => parent.Member(key));
        return ParseValue(expression[(equals + 1)..], path, problems) is { } value
            ? (ObjectNode)Set(document, NodePath.Root, keys, value, problems)
            : document;
    }

    /// <summary>
    /// A YAML scalar or flow value. What YAML cannot parse is taken as text, so that <c>[::]:8080</c> needs no quotes; if text is
    /// wrong there, the reader of the key says so.
    /// </summary>
    private static DocumentNode? ParseValue(string text, NodePath path, ProblemList problems)
    {
        var findings = new ProblemList();
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
        {
            return new ScalarNode(Position, path, text.Length == 0 ? ScalarKind.Null : ScalarKind.String, text);
        }

        var value = YamlReader.Read(SourceName, text, path, hasLines: false, findings);
        if (findings.ErrorCount == 0)
        {
            // A comment only.
            return value ?? new ScalarNode(Position, path, ScalarKind.Null, "");
        }

        if (value is null)
        {
            return new ScalarNode(Position, path, ScalarKind.String, text);
        }

        foreach (var finding in findings.Errors)
        {
            problems.Error(finding.Location, finding.Message);
        }

        return null;
    }

    private static DocumentNode Set(DocumentNode node, NodePath path, ImmutableArray<string> keys, DocumentNode value, ProblemList problems)
    {
        if (keys.IsEmpty)
        {
            return DocumentMerge.Overlay(node, value);
        }

        var parent = node switch
        {
            ObjectNode existing => existing,
            // What is off, or has no value, becomes an object by getting a key.
            ScalarNode { IsOff: true } or ScalarNode { Kind: ScalarKind.Null } => new ObjectNode(Position, path, []),
            _ => null,
        };
        if (parent is null)
        {
            problems.Error(
                new SourceLocation(SourceName, 0, path.Member(keys[0]).ToString()),
                $"{path} is {node.Description}, which has no key {MessageText.Quote(keys[0])}: set {path} as a whole");
            return node;
        }

        var child = path.Member(keys[0]);
        var below = parent[keys[0]] ?? (keys.Length == 1 ? null : new ObjectNode(Position, child, []));
        return parent.With(keys[0], below is null ? value : Set(below, child, keys[1..], value, problems));
    }

    private static void Error(string expression, string message, ProblemList problems) =>
        problems.Error(new SourceLocation(SourceName, 0, NodePath.Root.ToString()), $"{MessageText.Quote(expression)} {message}");
}
