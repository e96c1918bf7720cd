using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sidecar.Configuration.Documents;

/// <summary>
/// YAML events to nodes. Only what JSON can say is accepted: one document, no anchors, aliases or tags; so every
/// reader that the document may pass through agrees on its meaning, and nothing can expand (billion laughs).
/// </summary>
internal sealed class YamlReader
{
    // The parser's reasons are a sentence, sometimes with a word of the text in it.
    private const int MaxReasonLength = 200;

    private readonly string _file;
    private readonly ProblemList _problems;
    private readonly Parser _parser;
    private readonly bool _hasLines;

    private YamlReader(string file, string text, bool hasLines, ProblemList problems)
    {
        _file = file;
        _problems = problems;
        _hasLines = hasLines;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>Reads a text.</summary>
    /// <param name="file">Name of the source.</param>
    /// <param name="text">YAML.</param>
    /// <param name="path">Path of the value; not the root for <c>--set</c>.</param>
    /// <param name="hasLines">False where lines mean nothing to the operator, as in <c>--set</c>.</param>
    /// <param name="problems">Gets every error.</param>
    /// <returns>Null when the text is empty or cannot be parsed.</returns>
    public static DocumentNode? Read(string file, string text, NodePath path, bool hasLines, ProblemList problems)
    {
        var reader = new YamlReader(file, text, hasLines, problems);
        try
        {
            return reader.ReadStream(path);
        }
        catch (YamlException exception)
        {
            // The parser has no other way to say that its input is malformed.
            reader.Error(exception.Start, path, $"not valid YAML at column {exception.Start.Column.ToString(CultureInfo.InvariantCulture)}: {MessageText.Escape(exception.Message, MaxReasonLength)}");
            return null;
        }
    }

    private DocumentNode? ReadStream(NodePath path)
    {
        DocumentNode? root = null;
        var documents = 0;
        while (MoveNext())
        {
            switch (_parser.Current)
            {
                case StreamStart or StreamEnd or DocumentEnd:
                    break;
                case DocumentStart start when ++documents > 1:
                    Error(start.Start, path, "a second YAML document begins here; a source holds exactly one: remove everything from '---' on");
                    return root;
                case DocumentStart:
                    break;
                default:
                    root = ReadValue(path, depth: 1, at: null);
                    break;
            }
        }

        return root;
    }

    /// <summary>Reads the value whose first event is current; leaves its last event current. Null when it cannot stand for anything.</summary>
    private DocumentNode? ReadValue(NodePath path, int depth, Mark? at)
    {
        var current = _parser.Current!;
        var mark = at ?? current.Start;
        var position = Position(mark);
        if (current is AnchorAlias alias)
        {
            Error(mark, path, $"alias {MessageText.Quote("*" + alias.Value)} is not supported: write the value out");
            return null;
        }

        if (current is not NodeEvent node)
        {
            // YamlDotNet 16.3 ends some malformed mappings behind a key (found by mutation).
            throw new SemanticErrorException(current.Start, current.End, "a value is missing");
        }

        RefuseAnchorAndTag(node, path, mark);
        if (node is not Scalar && depth > DocumentReader.MaxDepth)
        {
            throw new SemanticErrorException(current.Start, current.End, $"nested deeper than {DocumentReader.MaxDepth} levels");
        }

        return node switch
        {
            Scalar scalar => ToNode(scalar, position, path),
            SequenceStart => new ListNode(position, path, ReadItems(path, depth)),
            _ => new ObjectNode(position, path, ReadMembers(path, depth)),
        };
    }

    private List<DocumentNode> ReadItems(NodePath path, int depth)
    {
        var items = new List<DocumentNode>();
        for (var index = 0; MoveNext() && _parser.Current is not SequenceEnd; index++)
        {
            if (ReadValue(path.Item(index), depth + 1, at: null) is { } item)
            {
                items.Add(item);
            }
        }

        return items;
    }

    private Dictionary<string, DocumentNode> ReadMembers(NodePath path, int depth)
    {
        var members = new Dictionary<string, DocumentNode>(StringComparer.Ordinal);
        while (MoveNext() && _parser.Current is not MappingEnd)
        {
            var mark = _parser.Current!.Start;
            var key = ReadKey(path, depth);
            if (!MoveNext())
            {
                break;
            }

            var value = ReadValue(path.Member(key ?? "?"), depth + 1, mark);
            if (key is null || value is null)
            {
                continue;
            }

            if (!members.TryAdd(key, value))
            {
                _problems.Error(value, $"key {MessageText.Quote(key)} is written twice, first in line {members[key].Position.Line}: remove one");
            }
        }

        return members;
    }

    /// <summary>Null when the key is no usable text (reported).</summary>
    private string? ReadKey(NodePath path, int depth)
    {
        var mark = _parser.Current!.Start;
        if (_parser.Current is not Scalar scalar)
        {
            Error(mark, path, "a key must be a plain word");
            ReadValue(path.Member("?"), depth + 1, mark);
            return null;
        }

        RefuseAnchorAndTag(scalar, path, mark);
        var (kind, retypedAs) = scalar.Style == ScalarStyle.Plain ? PlainScalar.Classify(scalar.Value) : (ScalarKind.String, "");
        switch (kind)
        {
            // A whole number stays what it is as a key everywhere.
            case ScalarKind.String:
            case ScalarKind.Number when scalar.Value.All(char.IsAsciiDigit):
                return scalar.Value;
            case ScalarKind.Null:
                Error(mark, path, $"a key is null: give it a name, or quote it as {QuotedForm(scalar.Value)}");
                return null;
            default:
                var becomes = kind switch
                {
                    ScalarKind.True => "true",
                    ScalarKind.False => "false",
                    ScalarKind.Number => "a number",
                    _ => retypedAs,
                };
                Error(mark, path, $"key {MessageText.Quote(scalar.Value)} is read as {becomes} by YAML 1.1 readers such as Helm: quote it as {QuotedForm(scalar.Value)}");
                return null;
        }
    }

    private static string QuotedForm(string text) => $"\"{MessageText.Escape(text)}\"";

    private bool MoveNext()
    {
        var last = _parser.Current?.End ?? Mark.Empty;
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException)
        {
            // YamlDotNet 16.3 has inputs that break its scanner instead of being refused (found by mutation:
            // ScanPlainScalar in a flow sequence). To the operator they are what they are: not YAML.
            throw new SemanticErrorException(last, last, "the text behind here cannot be parsed");
        }
    }

    private static ScalarNode ToNode(Scalar scalar, SourcePosition position, NodePath path)
    {
        if (scalar.Style != ScalarStyle.Plain)
        {
            return new ScalarNode(position, path, ScalarKind.String, scalar.Value);
        }

        var (kind, retypedAs) = PlainScalar.Classify(scalar.Value);
        return new ScalarNode(position, path, kind, scalar.Value, retypedAs);
    }

    private void RefuseAnchorAndTag(NodeEvent node, NodePath path, Mark mark)
    {
        if (!node.Anchor.IsEmpty)
        {
            Error(mark, path, $"anchor {MessageText.Quote("&" + node.Anchor.Value)} is not supported: write the value out where it is needed");
        }

        if (!node.Tag.IsEmpty)
        {
            Error(mark, path, $"tag {MessageText.Quote(node.Tag.IsNonSpecific ? "!" : node.Tag.Value)} is not supported: remove it");
        }
    }

    private SourcePosition Position(Mark mark) => _hasLines ? new SourcePosition(_file, (int)mark.Line, (int)mark.Column) : new SourcePosition(_file, 0, 0);

    private void Error(Mark mark, NodePath path, string message) =>
        _problems.Error(new Effective.SourceLocation(_file, Position(mark).Line, path.ToString()), message);
}
