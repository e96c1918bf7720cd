using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary><c>250ms</c>, <c>5s</c>, <c>1m30s</c>: whole numbers with h, m, s and ms, largest unit first, each at most once.</summary>
/// <param name="min">Shortest; one millisecond is the resolution.</param>
/// <param name="max">Longest; null is <see cref="Max"/>.</param>
internal sealed class DurationShape(TimeSpan min, TimeSpan? max = null) : ValueShape<TimeSpan>
{
    /// <summary>Nothing that a request waits for is longer.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromHours(24);

    /// <summary>The schema's pattern; the bounds are the reader's.</summary>
    public const string Pattern = "^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

    private readonly TimeSpan _max = max ?? Max;

    private static readonly (string Unit, long Milliseconds)[] Units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    // 24 h in milliseconds has eight digits; more than nine cannot be in bounds and would only invite overflow.
    private const int MaxDigits = 9;

    /// <inheritdoc/>
    public override string Expected => min > TimeSpan.FromMilliseconds(1)
        ? $"a duration such as 250ms, 5s or 1m30s, from {Format(min)} to {Format(_max)}"
        : $"a duration such as 250ms, 5s or 1m30s, {(min == TimeSpan.Zero ? "0ms or more" : "more than 0ms")} and at most {Format(_max)}";

    /// <summary>Canonical spelling of whole milliseconds.</summary>
    public static string Format(TimeSpan value)
    {
        var left = (long)value.TotalMilliseconds;
        var text = "";
        foreach (var (unit, milliseconds) in Units)
        {
            var count = left / milliseconds;
            left %= milliseconds;
            text += count > 0 ? count.ToString(CultureInfo.InvariantCulture) + unit : "";
        }

        return text.Length > 0 ? text : "0ms";
    }

    /// <inheritdoc/>
    public override DocumentNode ToNode(TimeSpan value) => Written.Text(Format(value));

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteString("type", "string");
        schema.Json.WriteString("pattern", Pattern);
        schema.Json.WriteNumber("minLength", 2);
    }

    /// <summary>Reads the text; false when it is spelled otherwise. Saturates instead of overflowing.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, out TimeSpan value)
    {
        long total = 0;
        var nextUnit = 0;
        var rest = text;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0)
            {
                value = default;
                return false;
            }

            var number = digits > MaxDigits ? long.MaxValue : long.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var unitLength = rest.IndexOfAnyInRange('0', '9');
            var unit = rest[..(unitLength < 0 ? rest.Length : unitLength)];
            var index = IndexOfUnit(unit);
            if (index < nextUnit)
            {
                value = default;
                return false;
            }

            nextUnit = index + 1;
            var limit = (long)Max.TotalMilliseconds + 1;
            total = number > limit ? limit : Math.Min(limit, total + (number * Units[index].Milliseconds));
            rest = rest[unit.Length..];
        }

        value = TimeSpan.FromMilliseconds(total, 0);
        return nextUnit > 0;
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out TimeSpan value)
    {
        value = default;
        if (node is ScalarNode { Kind: ScalarKind.Number } number)
        {
            Mismatch(node, problems, $": add a unit, {MessageText.Escape(number.Text)}s or {MessageText.Escape(number.Text)}ms");
            return false;
        }

        if (node is ScalarNode { Kind: ScalarKind.String } scalar && TryParse(scalar.Text, out value) && value >= min && value <= _max)
        {
            return true;
        }

        Mismatch(node, problems);
        return false;
    }

    private static int IndexOfUnit(ReadOnlySpan<char> unit)
    {
        for (var i = 0; i < Units.Length; i++)
        {
            if (unit.SequenceEqual(Units[i].Unit))
            {
                return i;
            }
        }

        return -1;
    }
}
