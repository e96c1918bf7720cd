using System.Globalization;
using System.Text.Json.Nodes;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Offline;

/// <summary>The text has a form in which this cannot be edited in place.</summary>
internal sealed class NotEditableException() : Exception("not editable in place");

/// <summary>
/// Applies a JSON Patch to a YAML text by inserting and removing characters, so that everything else keeps its comments, order
/// and spelling. What <c>add</c> inserted, <c>remove</c> takes out again to the last character.
/// </summary>
internal sealed class YamlEditor
{
    private readonly string _text;
    private readonly string _newLine;
    private readonly YamlNode _root;

    private YamlEditor(string text)
    {
        _text = text;
        _newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        _root = YamlText.Read(text) ?? throw new NotEditableException();
    }

    /// <summary>The text after one operation.</summary>
    /// <exception cref="NotEditableException">The text has to be written anew.</exception>
    public static string Apply(string text, JsonPatchOperation operation) => new YamlEditor(text).Apply(operation);

    /// <summary>How a value is written; null when it is nothing that stands in the text.</summary>
    public static string? TextAt(string text, YamlNode root, JsonPointer path)
    {
        var node = root;
        foreach (var segment in path.Segments)
        {
            node = Child(node, segment);
        }

        return node is null ? null : text[node.Start..node.End];
    }

    private static YamlNode? Child(YamlNode? node, string segment) => node switch
    {
        YamlMapping mapping => mapping.Find(segment)?.Value,
        YamlSequence sequence when int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < sequence.Items.Count => sequence.Items[index],
        _ => null,
    };

    private string Apply(JsonPatchOperation operation)
    {
        // What is inside a flow collection must be written as one, whatever it was.
        YamlNode? parent = _root;
        var isFlow = _root.IsFlow;
        foreach (var segment in operation.Path.Segments[..^1])
        {
            parent = Child(parent, segment);
            isFlow |= parent is { IsFlow: true };
        }

        var last = operation.Path.Segments[^1];
        return (parent, operation.Kind) switch
        {
            (YamlMapping mapping, "add" or "replace") when mapping.Find(last) is { } member => Replace(member, operation, isFlow),
            (YamlMapping mapping, "add") => AddMember(mapping, last, operation.Value, isFlow),
            (YamlMapping mapping, "remove") when mapping.Find(last) is { } member => RemoveMember(mapping, member, isFlow),
            (YamlSequence sequence, "add") => AddItem(sequence, last == "-" ? sequence.Items.Count : Index(last), operation.Value, isFlow),
            (YamlSequence sequence, "remove") => RemoveItem(sequence, Index(last), isFlow),
            _ => throw new NotEditableException(),
        };
    }

    private string AddMember(YamlMapping mapping, string key, JsonNode? value, bool isFlow)
    {
        if (isFlow || mapping.IsFlow)
        {
            var member = $"{YamlEmitter.Quoted(key)}: {YamlEmitter.Flow(value)}";
            return mapping.Members.Count == 0
                ? Insert(mapping.Start + 1, member)
                : Insert(mapping.Members[^1].Value.End, $",{Separator(mapping.Members[^1].Key.Start)}{member}");
        }

        var indent = Column(mapping.Members[0].Key.Start);
        return Insert(LineEnd(mapping.Members[^1].Value.End), $"{_newLine}{Blanks(indent)}{YamlEmitter.Member(key, value, indent, _newLine)}");
    }

    private string RemoveMember(YamlMapping mapping, YamlMember member, bool isFlow)
    {
        var index = mapping.Members.ToList().IndexOf(member);
        return isFlow || mapping.IsFlow
            ? RemoveFlow(mapping.Start, [.. mapping.Members.Select(static each => (each.Key.Start, each.Value.End))], index)
            : mapping.Members.Count == 1 ? Edit(mapping.Start, mapping.End, "{}")
            : RemoveLines(member.Key.Start, member.Value.End);
    }

    private string AddItem(YamlSequence sequence, int index, JsonNode? value, bool isFlow)
    {
        if (isFlow || sequence.IsFlow)
        {
            var item = YamlEmitter.Flow(value);
            return sequence.Items.Count == 0 ? Insert(sequence.Start + 1, item)
                : index < sequence.Items.Count ? Insert(sequence.Items[index].Start, $"{item},{Separator(sequence.Items[index].Start)}")
                : Insert(sequence.Items[^1].End, $",{Separator(sequence.Items[^1].Start)}{item}");
        }

        var dash = Dash(sequence.Items[index < sequence.Items.Count ? index : 0]);
        var indent = Column(dash);
        var block = $"{Blanks(indent)}- {YamlEmitter.Block(value, indent + 2, _newLine)}";
        return index < sequence.Items.Count
            ? Insert(LineStart(dash), $"{block}{_newLine}")
            : Insert(LineEnd(sequence.Items[^1].End), $"{_newLine}{block}");
    }

    private string RemoveItem(YamlSequence sequence, int index, bool isFlow)
    {
        if (index >= sequence.Items.Count)
        {
            throw new NotEditableException();
        }

        return isFlow || sequence.IsFlow
            ? RemoveFlow(sequence.Start, [.. sequence.Items.Select(static item => (item.Start, item.End))], index)
            : sequence.Items.Count == 1 ? Edit(sequence.Start, sequence.End, "[]")
            : RemoveLines(Dash(sequence.Items[index]), sequence.Items[index].End);
    }

    private string Replace(YamlMember member, JsonPatchOperation operation, bool isFlow)
    {
        var (old, value) = (member.Value, operation.Value);
        if (old is YamlAlias)
        {
            throw new NotEditableException();
        }

        if (operation.Text is { Length: 0 })
        {
            // Nothing was written: the blank before it is ours too.
            return _text[old.Start - 1] == ' ' ? Edit(old.Start - 1, old.End, "") : throw new NotEditableException();
        }

        if (old is YamlScalar { IsEmpty: true })
        {
            return Insert(old.Start, $" {operation.Text ?? YamlEmitter.Flow(value)}");
        }

        var isBlock = !isFlow && !old.IsFlow && value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 };
        return Edit(old.Start, old.End, operation.Text ?? (isBlock ? YamlEmitter.Block(value, Column(old.Start), _newLine) : YamlEmitter.Flow(value)));
    }

    private string RemoveFlow(int open, (int Start, int End)[] entries, int index) =>
        index > 0 ? Edit(entries[index - 1].End, entries[index].End, "")
        : entries.Length > 1 ? Edit(entries[0].Start, entries[1].Start, "")
        : Edit(open + 1, entries[0].End, "");

    private string RemoveLines(int start, int end)
    {
        var line = LineStart(start);
        if (!_text.AsSpan(line, start - line).IsWhiteSpace())
        {
            throw new NotEditableException();
        }

        return line == 0 ? Edit(0, Math.Min(_text.Length, LineEnd(end) + _newLine.Length), "") : Edit(LineEnd(line - 1), LineEnd(end), "");
    }

    // In a text with a line per entry, an entry of ours has one too.
    private string Separator(int neighbour)
    {
        var line = LineStart(neighbour);
        return _text.AsSpan(line, neighbour - line).IsWhiteSpace() && line > 0 ? $"{_newLine}{_text[line..neighbour]}" : " ";
    }

    private int Dash(YamlNode item)
    {
        var at = item.Start - 1;
        while (at >= 0 && char.IsWhiteSpace(_text[at]))
        {
            at--;
        }

        return at >= 0 && _text[at] == '-' && _text.AsSpan(LineStart(at), at - LineStart(at)).IsWhiteSpace() ? at : throw new NotEditableException();
    }

    private static int Index(string segment) =>
        int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : throw new NotEditableException();

    private int LineStart(int at) => at == 0 ? 0 : _text.LastIndexOf('\n', at - 1) + 1;

    private int LineEnd(int at)
    {
        var end = _text.IndexOf('\n', at);
        end = end < 0 ? _text.Length : end;
        return end > 0 && _text[end - 1] == '\r' ? end - 1 : end;
    }

    private int Column(int at) => at - LineStart(at);

    private static string Blanks(int count) => new(' ', count);

    private string Insert(int at, string text) => _text.Insert(at, text);

    private string Edit(int start, int end, string text) => string.Concat(_text.AsSpan(0, start), text, _text.AsSpan(end));
}
