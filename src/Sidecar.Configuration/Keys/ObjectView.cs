using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>The values of an object's keys, read and defaulted.</summary>
internal sealed class ObjectView(ObjectNode node)
{
    private readonly Dictionary<ConfigurationKey, object?> _values = [];

    /// <summary>The object as written.</summary>
    public ObjectNode Node { get; } = node;

    /// <summary>The key under which the object stands: the id of a route, cluster or destination.</summary>
    public string Id => Node.Path.Key;

    /// <summary>Is the key written, and usable?</summary>
    public bool Has(ConfigurationKey key) => _values.ContainsKey(key);

    /// <summary>The written value, else the default.</summary>
    public T Get<T>(ConfigurationKey<T> key) => _values.TryGetValue(key, out var value) ? (T)value! : key.Default!;

    /// <summary>Remembers what was read.</summary>
    public void Set(ConfigurationKey key, object? value) => _values[key] = value;
}

/// <summary>Collects the members of an object that is written from values.</summary>
internal sealed class ObjectBuilder
{
    private readonly List<KeyValuePair<string, DocumentNode>> _members = [];

    /// <summary>Writes a key.</summary>
    public ObjectBuilder Set<T>(ConfigurationKey<T> key, T value)
    {
        _members.Add(new(key.Name, key.TypedShape.ToNode(value)));
        return this;
    }

    /// <summary>Writes a key unless there is nothing to write.</summary>
    public ObjectBuilder SetIfAny<T>(ConfigurationKey<T> key, T? value)
        where T : class => value is null ? this : Set(key, value);

    /// <summary>Writes a key unless there is nothing to write.</summary>
    public ObjectBuilder SetIfAny<T>(ConfigurationKey<T> key, T? value)
        where T : struct => value is null ? this : Set(key, value.Value);

    /// <summary>The object.</summary>
    public ObjectNode Build() => Written.Object(_members);
}
