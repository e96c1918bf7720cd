using System.Globalization;
using Sidecar.Init.Options;

namespace Sidecar.Injector.Injection;

/// <summary>An amount of CPU or memory as Kubernetes writes it: <c>25m</c>, <c>0.5</c>, <c>128Mi</c>.</summary>
/// <param name="Text">As written; digits, one dot and a unit, nothing else.</param>
/// <param name="Amount">In cores or bytes.</param>
public sealed record Quantity(string Text, decimal Amount)
{
    private const decimal Ki = 1024m;

    // Long enough for any node, short enough that no arithmetic overflows.
    private const int LongestNumber = 12;

    private static readonly (string Suffix, decimal Factor)[] Units =
    [
        ("Ki", Ki), ("Mi", Ki * Ki), ("Gi", Ki * Ki * Ki), ("m", 0.001m), ("k", 1_000m), ("M", 1_000_000m), ("G", 1_000_000_000m), ("", 1m),
    ];

    /// <summary>Reads it.</summary>
    public static Quantity? TryParse(string text)
    {
        foreach (var (suffix, factor) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                return TryReadNumber(text[..^suffix.Length], out var number) ? new Quantity(text, number * factor) : null;
            }
        }

        return null;
    }

    /// <summary>Reads one within bounds.</summary>
    public static Quantity? Parse(string text, Quantity least, Quantity most, Action<string> refuse)
    {
        if (TryParse(text) is { } quantity && quantity.Amount >= least.Amount && quantity.Amount <= most.Amount)
        {
            return quantity;
        }

        refuse($"{ListText.Quote(text)} is not an amount from {least.Text} to {most.Text}");
        return null;
    }

    /// <summary>An amount of ours.</summary>
    internal static Quantity Of(string text) => TryParse(text) ?? throw new ArgumentException($"{text} is not a quantity.", nameof(text));

    // decimal.Parse alone also takes signs, blanks, exponents and group separators.
    private static bool TryReadNumber(string text, out decimal number)
    {
        number = 0;
        return text.Length is > 0 and <= LongestNumber
            && !text.AsSpan().ContainsAnyExcept(Characters.OfNumber)
            && text[0] != '.'
            && text[^1] != '.'
            && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }
}
