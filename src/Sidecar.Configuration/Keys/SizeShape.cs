using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary><c>64KiB</c>: a whole number with B, KiB, MiB or GiB; a plain whole number is bytes.</summary>
internal sealed class SizeShape(long min, long max) : ValueShape<long>
{
    /// <summary>The schema's pattern; the bounds are the reader's.</summary>
    public const string Pattern = "^[0-9]+(B|KiB|MiB|GiB)$";

    private static readonly (string Unit, long Bytes)[] Units = [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("B", 1)];

    /// <inheritdoc/>
    public override string Expected => $"a size such as 64KiB (B, KiB, MiB or GiB) from {Format(min)} to {Format(max)}";

    /// <summary>The largest unit that is exact.</summary>
    public static string Format(long bytes)
    {
        var (unit, size) = Units.First(unit => bytes % unit.Bytes == 0 && (bytes > 0 || unit.Bytes == 1));
        return (bytes / size).ToString(CultureInfo.InvariantCulture) + unit;
    }

    /// <inheritdoc/>
    public override DocumentNode ToNode(long value) => Written.Text(Format(value));

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteStartArray("anyOf");
        schema.Json.WriteStartObject();
        schema.Json.WriteString("type", "string");
        schema.Json.WriteString("pattern", Pattern);
        schema.Json.WriteEndObject();
        schema.Json.WriteStartObject();
        schema.Json.WriteString("type", "integer");
        schema.Json.WriteNumber("minimum", min);
        schema.Json.WriteNumber("maximum", max);
        schema.Json.WriteEndObject();
        schema.Json.WriteEndArray();
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out long value)
    {
        value = 0;
        var isSize = node switch
        {
            ScalarNode { Kind: ScalarKind.Number } number => long.TryParse(number.Text, NumberStyles.None, CultureInfo.InvariantCulture, out value),
            ScalarNode { Kind: ScalarKind.String } text => TryParse(text.Text, out value),
            _ => false,
        };
        if (isSize && value >= min && value <= max)
        {
            return true;
        }

        Mismatch(node, problems, NumberText.QuoteHint(node));
        return false;
    }

    private static bool TryParse(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        var digits = text.IndexOfAnyExceptInRange('0', '9');
        if (digits <= 0 || !long.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        foreach (var (unit, bytes) in Units)
        {
            if (text[digits..].SequenceEqual(unit))
            {
                value = number > long.MaxValue / bytes ? long.MaxValue : number * bytes;
                return true;
            }
        }

        return false;
    }
}
