using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>
/// What a value may be: the one description that reading, the JSON Schema and the effective print are made from.
/// </summary>
internal abstract class ValueShape
{
    /// <summary>For messages: <c>a duration such as 250ms</c>.</summary>
    public abstract string Expected { get; }

    /// <summary>Is <c>off</c> among its values?</summary>
    public virtual bool AcceptsOff => false;

    /// <summary>Is any text among its values, if only it is quoted?</summary>
    public virtual bool IsText => false;

    /// <summary>Reads without knowing the type; see <see cref="ValueShape{T}.TryRead"/>.</summary>
    public abstract bool TryReadBoxed(DocumentNode node, ProblemList problems, out object? value);

    /// <summary>Writes the keywords of its schema into an object that is already open.</summary>
    public abstract void WriteSchema(SchemaWriter schema);

    /// <summary>Reports that the value is something else than expected.</summary>
    protected void Mismatch(DocumentNode node, ProblemList problems, string? hint = null) =>
        problems.Error(node, $"{node.Description} is not {Expected}{hint}");
}

/// <summary>What a value of one type may be.</summary>
internal abstract class ValueShape<T> : ValueShape
{
    /// <summary>Reads a value; false when it was not usable, which is then reported.</summary>
    public bool TryRead(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out T value)
    {
        if (node is ScalarNode { Kind: ScalarKind.Null })
        {
            problems.Error(node, $"has no value: write {Expected}, or remove the key");
            value = default;
            return false;
        }

        if (node is ScalarNode { Kind: ScalarKind.Retyped } scalar)
        {
            var hint = AcceptsOff && scalar.RetypedAs == "false" ? "write off" : IsText ? $"quote it, \"{MessageText.Escape(scalar.Text)}\"" : $"write {Expected}";
            problems.Error(node, $"{MessageText.Quote(scalar.Text)} is read as {scalar.RetypedAs} by YAML 1.1 readers such as Helm: {hint}");
            value = default;
            return false;
        }

        return TryReadValue(node, problems, out value);
    }

    /// <inheritdoc/>
    public sealed override bool TryReadBoxed(DocumentNode node, ProblemList problems, out object? value)
    {
        var isRead = TryRead(node, problems, out var typed);
        value = typed;
        return isRead;
    }

    /// <summary>The value as it would be written.</summary>
    public abstract DocumentNode ToNode(T value);

    /// <summary>Reads a value that is neither null nor retyped.</summary>
    protected abstract bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out T value);
}
