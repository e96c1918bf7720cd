using System.Globalization;
using System.Text;

namespace Sidecar.Configuration.Documents;

/// <summary>
/// Path of a value from the root of its document. A linked list that is rendered only for messages: a hostile
/// document with long keys would otherwise cost its size squared.
/// </summary>
internal sealed class NodePath
{
    private readonly NodePath? _parent;
    private readonly int _index = -1;

    private NodePath(NodePath? parent, string key, int index)
    {
        _parent = parent;
        Key = key;
        _index = index;
    }

    /// <summary>The document itself.</summary>
    public static NodePath Root { get; } = new(null, "", -1);

    /// <summary>Key within the parent; empty for list items and the root.</summary>
    public string Key { get; }

    /// <summary>Path of the member with this key.</summary>
    public NodePath Member(string key) => new(this, key, -1);

    /// <summary>Path of the list item at this index, from 0.</summary>
    public NodePath Item(int index) => new(this, "", index);

    /// <summary><c>routes.orders.match.methods[0]</c>; keys that are no plain word stand in brackets and quotes.</summary>
    public override string ToString()
    {
        if (_parent is null)
        {
            return "(document)";
        }

        var segments = new Stack<NodePath>();
        for (var path = this; path._parent is not null; path = path._parent)
        {
            segments.Push(path);
        }

        var text = new StringBuilder();
        foreach (var segment in segments)
        {
            if (segment._index >= 0)
            {
                text.Append('[').Append(segment._index.ToString(CultureInfo.InvariantCulture)).Append(']');
            }
            else if (IsWord(segment.Key))
            {
                text.Append(text.Length > 0 ? "." : "").Append(segment.Key);
            }
            else
            {
                text.Append('[').Append(MessageText.Quote(segment.Key)).Append(']');
            }
        }

        return text.ToString();
    }

    private static bool IsWord(string key) =>
        key.Length is > 0 and <= MessageText.MaxQuotedLength && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
