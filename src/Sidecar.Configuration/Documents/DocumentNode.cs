using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Documents;

/// <summary>A value as written, YAML and JSON alike, that knows where it was written. Immutable.</summary>
internal abstract class DocumentNode(SourcePosition position, NodePath path)
{
    /// <summary>Where it begins; the value of a key begins where its key does.</summary>
    public SourcePosition Position { get; } = position;

    /// <summary>Path in the document it was written in.</summary>
    public NodePath Path { get; } = path;

    /// <summary>File, line and path for messages.</summary>
    public SourceLocation Location => new(Position.File, Position.Line, Path.ToString());

    /// <summary>What it is, with its value, for messages: <c>the string 'abc'</c>.</summary>
    public abstract string Description { get; }
}

/// <summary>What a scalar is before anything is expected of it.</summary>
internal enum ScalarKind
{
    /// <summary>Text: quoted, or plain and read as text by every YAML reader.</summary>
    String,

    /// <summary>A decimal number in JSON's spelling.</summary>
    Number,

    /// <summary><c>true</c>.</summary>
    True,

    /// <summary><c>false</c>, or the plain YAML word <c>off</c>.</summary>
    False,

    /// <summary><c>null</c>, <c>~</c> or nothing at all.</summary>
    Null,

    /// <summary>A plain YAML word that YAML 1.1 readers turn into something else; never a value.</summary>
    Retyped,
}

/// <summary>A single value.</summary>
/// <param name="position">Where it begins.</param>
/// <param name="path">Path in its document.</param>
/// <param name="kind">What it is.</param>
/// <param name="text">Its text, unescaped.</param>
/// <param name="retypedAs">What YAML 1.1 readers make of it, when <paramref name="kind"/> is <see cref="ScalarKind.Retyped"/>.</param>
internal sealed class ScalarNode(SourcePosition position, NodePath path, ScalarKind kind, string text, string retypedAs = "")
    : DocumentNode(position, path)
{
    /// <summary>What it is.</summary>
    public ScalarKind Kind { get; } = kind;

    /// <summary>Its text, unescaped.</summary>
    public string Text { get; } = text;

    /// <summary>What YAML 1.1 readers make of it; empty unless retyped.</summary>
    public string RetypedAs { get; } = retypedAs;

    /// <summary>Does it say off? <c>false</c>, plain <c>off</c>, or the string <c>off</c> (the only spelling JSON has for it).</summary>
    public bool IsOff => Kind == ScalarKind.False || (Kind == ScalarKind.String && Text == "off");

    /// <inheritdoc/>
    public override string Description => Kind switch
    {
        ScalarKind.String => $"the string {MessageText.Quote(Text)}",
        ScalarKind.Number => $"the number {MessageText.Quote(Text)}",
        ScalarKind.Null => "null",
        _ => MessageText.Quote(Text),
    };
}

/// <summary>A list.</summary>
internal sealed class ListNode(SourcePosition position, NodePath path, IReadOnlyList<DocumentNode> items) : DocumentNode(position, path)
{
    /// <summary>In the order written.</summary>
    public IReadOnlyList<DocumentNode> Items { get; } = items;

    /// <inheritdoc/>
    public override string Description => "a list";
}
