using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sidecar.Injector.Offline;

/// <summary>A text that is not YAML, or YAML that a manifest cannot be.</summary>
internal sealed class YamlTextException(string message) : Exception(message);

/// <summary>One YAML document, or JSON, to nodes that know their place.</summary>
internal sealed class YamlText
{
    private const int MaxDepth = 100;

    // Aliases of aliases grow exponentially (billion laughs).
    private const int MostNodes = 200_000;

    private readonly Parser _parser;
    private readonly string _text;
    private readonly Dictionary<AnchorName, (YamlNode Node, int Size)> _anchors = [];
    private int _nodes;

    private YamlText(string text)
    {
        _text = text;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>Reads a document; null when there is none, only comments.</summary>
    /// <exception cref="YamlTextException">With line and column.</exception>
    public static YamlNode? Read(string text)
    {
        var reader = new YamlText(text);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException e)
        {
            throw new YamlTextException($"line {e.Start.Line}, column {e.Start.Column}: {e.Message}");
        }
    }

    private YamlNode? ReadDocument()
    {
        YamlNode? root = null;
        while (MoveNext())
        {
            switch (_parser.Current)
            {
                case StreamStart or StreamEnd or DocumentStart or DocumentEnd:
                    break;
                case var second when root is not null:
                    throw new YamlTextException($"line {second!.Start.Line}: a second document that no '---' introduces");
                default:
                    root = ReadNode(1);
                    break;
            }
        }

        return root;
    }

    private YamlNode ReadNode(int depth)
    {
        var current = _parser.Current!;
        if (depth > MaxDepth)
        {
            throw new YamlTextException($"line {current.Start.Line}: nested deeper than {MaxDepth} levels");
        }

        var before = _nodes;
        Count(1, current);
        YamlNode node;
        switch (current)
        {
            case AnchorAlias alias:
                if (!_anchors.TryGetValue(alias.Value, out var target))
                {
                    throw new YamlTextException($"line {alias.Start.Line}: nothing has the anchor of *{alias.Value}");
                }

                Count(target.Size, current);
                return new YamlAlias((int)alias.Start.Index, (int)alias.End.Index, target.Node);
            case Scalar scalar:
                node = ToNode(scalar);
                break;
            case SequenceStart start:
                node = ReadSequence(start, depth);
                break;
            case MappingStart start:
                node = ReadMapping(start, depth);
                break;
            default:
                throw new YamlTextException($"line {current.Start.Line}: a value is missing");
        }

        if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
        {
            _anchors[anchored.Anchor] = (node, _nodes - before);
        }

        return node;
    }

    private YamlSequence ReadSequence(SequenceStart start, int depth)
    {
        var isFlow = start.Style == SequenceStyle.Flow;
        var items = new List<YamlNode>();
        while (MoveNext() && _parser.Current is not SequenceEnd)
        {
            items.Add(ReadNode(depth + 1));
        }

        return new YamlSequence((int)start.Start.Index, End(isFlow, items.LastOrDefault(), start), isFlow, items);
    }

    private YamlMapping ReadMapping(MappingStart start, int depth)
    {
        var isFlow = start.Style == MappingStyle.Flow;
        var members = new List<YamlMember>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (MoveNext() && _parser.Current is not MappingEnd)
        {
            if (_parser.Current is not Scalar name)
            {
                throw new YamlTextException($"line {_parser.Current!.Start.Line}: a key must be a word");
            }

            var key = ToNode(name);
            if (!keys.Add(key.Text))
            {
                throw new YamlTextException($"line {name.Start.Line}: a key is there twice");
            }

            Count(1, name);
            MoveNext();
            members.Add(new YamlMember(key, ReadNode(depth + 1)));
        }

        return new YamlMapping((int)start.Start.Index, End(isFlow, members.LastOrDefault()?.Value, start), isFlow, members);
    }

    // The parser ends a block where the next token begins, behind comments that are not the block's.
    private int End(bool isFlow, YamlNode? last, NodeEvent start) =>
        isFlow ? (int)_parser.Current!.Start.Index + 1 : last?.End ?? (int)start.End.Index;

    private YamlScalar ToNode(Scalar scalar)
    {
        var start = (int)scalar.Start.Index;
        var end = (int)scalar.End.Index;

        // A block scalar reaches to the next token; blank lines behind it belong to nobody.
        while (scalar.Style is ScalarStyle.Literal or ScalarStyle.Folded && end > start && char.IsWhiteSpace(_text[end - 1]))
        {
            end--;
        }

        return new YamlScalar(start, end, scalar.Value, scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty);
    }

    private void Count(int nodes, ParsingEvent at)
    {
        _nodes += nodes;
        if (_nodes > MostNodes)
        {
            throw new YamlTextException($"line {at.Start.Line}: more than {MostNodes} values");
        }
    }

    private bool MoveNext()
    {
        var last = _parser.Current?.End ?? Mark.Empty;
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException)
        {
            // Some inputs break YamlDotNet's scanner instead of being refused (Sidecar.Configuration's reader says the same).
            throw new YamlTextException($"line {last.Line}: the text behind here cannot be parsed");
        }
    }
}
