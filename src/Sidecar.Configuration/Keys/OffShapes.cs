using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>A value, or <c>off</c> (null).</summary>
internal sealed class OffOrShape<T>(ValueShape<T> inner) : ValueShape<T?>
    where T : struct
{
    /// <inheritdoc/>
    public override string Expected => $"off or {inner.Expected}";

    /// <inheritdoc/>
    public override bool AcceptsOff => true;

    /// <inheritdoc/>
    public override DocumentNode ToNode(T? value) => value is { } some ? inner.ToNode(some) : Written.Off;

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) => schema.WriteOffOr(inner);

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out T? value)
    {
        value = null;
        if (node is ScalarNode { IsOff: true })
        {
            return true;
        }

        if (!inner.TryRead(node, problems, out var read))
        {
            return false;
        }

        value = read;
        return true;
    }
}

/// <summary>An object, or <c>off</c> (null).</summary>
internal sealed class OffOrObjectShape<T>(ValueShape<T> inner) : ValueShape<T?>
    where T : class
{
    /// <inheritdoc/>
    public override string Expected => $"off or {inner.Expected}";

    /// <inheritdoc/>
    public override bool AcceptsOff => true;

    /// <inheritdoc/>
    public override DocumentNode ToNode(T? value) => value is null ? Written.Off : inner.ToNode(value);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) => schema.WriteOffOr(inner);

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, out T? value)
    {
        value = null;
        if (node is ScalarNode { IsOff: true })
        {
            return true;
        }

        if (node is not ObjectNode)
        {
            Mismatch(node, problems);
            return false;
        }

        return inner.TryRead(node, problems, out value);
    }
}

/// <summary>A value, or <c>auto</c> (null).</summary>
internal sealed class AutoOrShape<T>(ValueShape<T> inner) : ValueShape<T?>
    where T : struct
{
    private const string Auto = "auto";

    /// <inheritdoc/>
    public override string Expected => $"auto or {inner.Expected}";

    /// <inheritdoc/>
    public override DocumentNode ToNode(T? value) => value is { } some ? inner.ToNode(some) : Written.Text(Auto);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) => schema.WriteAnyOf([Auto], inner);

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out T? value)
    {
        value = null;
        if (node is ScalarNode { Kind: ScalarKind.String, Text: Auto })
        {
            return true;
        }

        if (!inner.TryRead(node, problems, out var read))
        {
            return false;
        }

        value = read;
        return true;
    }
}
