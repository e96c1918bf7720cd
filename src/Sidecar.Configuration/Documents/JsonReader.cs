using System.Text;
using System.Text.Json;

namespace Sidecar.Configuration.Documents;

/// <summary>JSON (RFC 8259, strict) to the same nodes as YAML.</summary>
internal ref struct JsonReader
{
    private readonly string _file;
    private readonly byte[] _utf8;
    private readonly ProblemList _problems;
    private Utf8JsonReader _reader;
    private int _lineStart;
    private int _line = 1;
    private int _counted;

    private JsonReader(string file, byte[] utf8, ProblemList problems)
    {
        _file = file;
        _utf8 = utf8;
        _problems = problems;
        _reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DocumentReader.MaxDepth });
    }

    /// <summary>Reads a text; null when it cannot be parsed (reported).</summary>
    public static DocumentNode? Read(string file, string text, ProblemList problems)
    {
        var reader = new JsonReader(file, Encoding.UTF8.GetBytes(text), problems);
        try
        {
            reader._reader.Read();
            var root = reader.ReadValue(NodePath.Root, reader.Position());
            reader._reader.Read();
            return root;
        }
        catch (JsonException exception)
        {
            // Utf8JsonReader has no other way to say that its input is malformed. Its message ends with its own idea of the place.
            var message = exception.Message.Split(" LineNumber:", 2)[0];
            var line = (int)(exception.LineNumber ?? 0) + 1;
            problems.Error(
                new Effective.SourceLocation(file, line, NodePath.Root.ToString()),
                $"not valid JSON at byte {exception.BytePositionInLine + 1} (a document that starts with '{{' is read as JSON): {MessageText.Escape(message)}");
            return null;
        }
    }

    private DocumentNode ReadValue(NodePath path, SourcePosition position) => _reader.TokenType switch
    {
        JsonTokenType.StartObject => new ObjectNode(position, path, ReadMembers(path)),
        JsonTokenType.StartArray => new ListNode(position, path, ReadItems(path)),
        JsonTokenType.String => new ScalarNode(position, path, ScalarKind.String, Text(path)),
        JsonTokenType.Number => new ScalarNode(position, path, ScalarKind.Number, Encoding.UTF8.GetString(_reader.ValueSpan)),
        JsonTokenType.True => new ScalarNode(position, path, ScalarKind.True, "true"),
        JsonTokenType.False => new ScalarNode(position, path, ScalarKind.False, "false"),
        _ => new ScalarNode(position, path, ScalarKind.Null, "null"),
    };

    private List<DocumentNode> ReadItems(NodePath path)
    {
        var items = new List<DocumentNode>();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(ReadValue(path.Item(items.Count), Position()));
        }

        return items;
    }

    private Dictionary<string, DocumentNode> ReadMembers(NodePath path)
    {
        var members = new Dictionary<string, DocumentNode>(StringComparer.Ordinal);
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            var position = Position();
            var key = Text(path);
            _reader.Read();
            var value = ReadValue(path.Member(key), position);
            if (!members.TryAdd(key, value))
            {
                _problems.Error(value, $"key {MessageText.Quote(key)} is written twice, first in line {members[key].Position.Line}: remove one");
            }
        }

        return members;
    }

    /// <summary>The current string; an escape that is half of a surrogate pair is no text (GetString would throw).</summary>
    private readonly string Text(NodePath path)
    {
        Span<char> text = new char[_reader.ValueSpan.Length];
        if (!_reader.ValueIsEscaped)
        {
            return Encoding.UTF8.GetString(_reader.ValueSpan);
        }

        try
        {
            return new string(text[.._reader.CopyString(text)]);
        }
        catch (InvalidOperationException)
        {
            _problems.Error(new Effective.SourceLocation(_file, _line, path.ToString()), "a string contains half of a surrogate pair: write the whole character");
            return "";
        }
    }

    /// <summary>Line and column of the current token; lines are counted once, forwards.</summary>
    private SourcePosition Position()
    {
        var offset = (int)_reader.TokenStartIndex;
        for (; _counted < offset; _counted++)
        {
            if (_utf8[_counted] == (byte)'\n')
            {
                _line++;
                _lineStart = _counted + 1;
            }
        }

        return new SourcePosition(_file, _line, offset - _lineStart + 1);
    }
}
