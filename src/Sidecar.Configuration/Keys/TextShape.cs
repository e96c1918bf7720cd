using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>Text of one form.</summary>
/// <param name="expected">For messages: <c>a host name such as orders.example.com</c>.</param>
/// <param name="parse">The value in its canonical spelling; null when the text has another form.</param>
/// <param name="pattern">The same form, as far as a regular expression can say it, for the schema; null for any text.</param>
internal sealed class TextShape(string expected, Func<string, string?> parse, string? pattern = null) : ValueShape<string>
{
    /// <inheritdoc/>
    public override string Expected => expected;

    /// <inheritdoc/>
    public override bool IsText => true;

    /// <inheritdoc/>
    public override DocumentNode ToNode(string value) => Written.Text(value);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteString("type", "string");
        if (pattern is not null)
        {
            schema.Json.WriteString("pattern", pattern);
        }
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out string value)
    {
        value = node is ScalarNode { Kind: ScalarKind.String } scalar ? parse(scalar.Text) : null;
        if (value is not null)
        {
            return true;
        }

        Mismatch(node, problems, node is ScalarNode { Kind: ScalarKind.Number or ScalarKind.True or ScalarKind.False } plain ? $": quote it, \"{MessageText.Escape(plain.Text)}\"" : null);
        return false;
    }
}

/// <summary>Text of one form that stands for a value of another type.</summary>
/// <param name="expected">For messages.</param>
/// <param name="parse">The value; null when the text has another form.</param>
/// <param name="format">The text of a value.</param>
/// <param name="pattern">The same form, as far as a regular expression can say it, for the schema.</param>
internal sealed class ParsedShape<T>(string expected, Func<string, T?> parse, Func<T, string> format, string pattern) : ValueShape<T>
    where T : class
{
    /// <inheritdoc/>
    public override string Expected => expected;

    /// <inheritdoc/>
    public override DocumentNode ToNode(T value) => Written.Text(format(value));

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteString("type", "string");
        schema.Json.WriteString("pattern", pattern);
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out T value)
    {
        value = node is ScalarNode { Kind: ScalarKind.String } scalar ? parse(scalar.Text) : null;
        if (value is not null)
        {
            return true;
        }

        Mismatch(node, problems);
        return false;
    }
}
