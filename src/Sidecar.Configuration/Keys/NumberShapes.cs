using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>A whole number within bounds.</summary>
internal sealed class IntegerShape(int min, int max) : ValueShape<int>
{
    /// <inheritdoc/>
    public override string Expected => min == max ? NumberText.Format(min) : $"a whole number from {min} to {max}";

    /// <inheritdoc/>
    public override DocumentNode ToNode(int value) => Written.Number(value);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteString("type", "integer");
        schema.Json.WriteNumber("minimum", min);
        schema.Json.WriteNumber("maximum", max);
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out int value)
    {
        if (node is ScalarNode { Kind: ScalarKind.Number } scalar
            && int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            && value >= min && value <= max)
        {
            return true;
        }

        value = 0;
        Mismatch(node, problems, NumberText.QuoteHint(node));
        return false;
    }
}

/// <summary>A number within bounds.</summary>
internal sealed class NumberShape(double min, double max) : ValueShape<double>
{
    /// <inheritdoc/>
    public override string Expected => string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}");

    /// <inheritdoc/>
    public override DocumentNode ToNode(double value) => Written.Number(value);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteString("type", "number");
        schema.Json.WriteNumber("minimum", min);
        schema.Json.WriteNumber("maximum", max);
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out double value)
    {
        if (node is ScalarNode { Kind: ScalarKind.Number } scalar
            && double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && value >= min && value <= max)
        {
            // Minus zero would print differently from the zero it equals.
            value = value == 0 ? 0 : value;
            return true;
        }

        value = 0;
        Mismatch(node, problems, NumberText.QuoteHint(node));
        return false;
    }
}

/// <summary><c>true</c> or <c>false</c>.</summary>
internal sealed class BooleanShape : ValueShape<bool>
{
    /// <inheritdoc/>
    public override string Expected => "true or false";

    /// <inheritdoc/>
    public override DocumentNode ToNode(bool value) => Written.Boolean(value);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) => schema.Json.WriteString("type", "boolean");

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out bool value)
    {
        value = node is ScalarNode { Kind: ScalarKind.True };
        if (value || node is ScalarNode { Kind: ScalarKind.False })
        {
            return true;
        }

        Mismatch(node, problems);
        return false;
    }
}

/// <summary>What is common to messages about numbers.</summary>
internal static class NumberText
{
    /// <summary>Decimal digits.</summary>
    public static string Format(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number in quotes is text.</summary>
    public static string? QuoteHint(DocumentNode node) =>
        node is ScalarNode { Kind: ScalarKind.String } scalar && PlainScalar.IsJsonNumber(scalar.Text) ? $": write {MessageText.Escape(scalar.Text)} without quotes" : null;
}
