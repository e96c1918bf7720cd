using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>One row of the key table: its name, what it may be, what it is when not written, and what it means.</summary>
internal abstract class ConfigurationKey(string name, string doc, ValueShape shape, bool isRequired)
{
    /// <summary>As written in a document.</summary>
    public string Name { get; } = name;

    /// <summary>What it means; the schema's description.</summary>
    public string Doc { get; } = doc;

    /// <summary>What it may be.</summary>
    public ValueShape Shape { get; } = shape;

    /// <summary>Its absence is an error.</summary>
    public bool IsRequired { get; } = isRequired;

    /// <summary>The default as it would be written; null when there is none.</summary>
    public abstract DocumentNode? DefaultNode { get; }
}

/// <summary>A row whose value has one type.</summary>
internal sealed class ConfigurationKey<T> : ConfigurationKey
{
    private readonly bool _hasDefault;

    /// <summary>A key with a default.</summary>
    public ConfigurationKey(string name, ValueShape<T> shape, T defaultValue, string doc)
        : base(name, doc, shape, isRequired: false)
    {
        TypedShape = shape;
        Default = defaultValue;
        _hasDefault = true;
    }

    /// <summary>A key without default: required, or its absence has a meaning of its own.</summary>
    public ConfigurationKey(string name, ValueShape<T> shape, bool isRequired, string doc)
        : base(name, doc, shape, isRequired) => TypedShape = shape;

    /// <summary>What it may be.</summary>
    public ValueShape<T> TypedShape { get; }

    /// <summary>What it is when not written.</summary>
    public T? Default { get; }

    /// <inheritdoc/>
    public override DocumentNode? DefaultNode => _hasDefault ? TypedShape.ToNode(Default!) : null;
}

/// <summary>A key of the product's schema that this version does not act on: refused, never ignored.</summary>
/// <param name="Name">As written in a document.</param>
/// <param name="Doc">What it will mean.</param>
internal sealed record PlannedKey(string Name, string Doc);
