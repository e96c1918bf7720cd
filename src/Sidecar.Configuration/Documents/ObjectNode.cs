namespace Sidecar.Configuration.Documents;

/// <summary>An object; its keys are unique.</summary>
internal sealed class ObjectNode : DocumentNode
{
    private readonly Dictionary<string, DocumentNode> _members;

    /// <param name="position">Where it begins.</param>
    /// <param name="path">Path in its document.</param>
    /// <param name="members">In the order written; a repeated key keeps its first value (the reader has reported it).</param>
    public ObjectNode(SourcePosition position, NodePath path, IEnumerable<KeyValuePair<string, DocumentNode>> members)
        : base(position, path)
    {
        _members = new Dictionary<string, DocumentNode>(StringComparer.Ordinal);
        foreach (var (key, value) in members)
        {
            _members.TryAdd(key, value);
        }
    }

    /// <summary>Keys and values.</summary>
    public IReadOnlyDictionary<string, DocumentNode> Members => _members;

    /// <inheritdoc/>
    public override string Description => "an object";

    /// <summary>The value of a key, null when it is not there.</summary>
    public DocumentNode? this[string key] => _members.GetValueOrDefault(key);

    /// <summary>The value at the end of a chain of keys, null when any is missing.</summary>
    public DocumentNode? Find(params ReadOnlySpan<string> keys)
    {
        DocumentNode? node = this;
        foreach (var key in keys)
        {
            node = (node as ObjectNode)?[key];
        }

        return node;
    }

    /// <summary>The same object with one member replaced where it stands, or added at the end.</summary>
    public ObjectNode With(string key, DocumentNode value) =>
        new(Position, Path, _members.Select(member => member.Key == key ? new(key, value) : member).Append(new(key, value)));

    /// <summary>The same object without one member.</summary>
    public ObjectNode Without(string key) => new(Position, Path, _members.Where(member => member.Key != key));
}
