using System.Globalization;

namespace Sidecar.Configuration.Documents;

/// <summary>
/// What a plain (unquoted) YAML word is. YAML 1.1 readers, Helm among them, give meanings to words that YAML 1.2
/// readers take as text; a document that passes through both must not change, so such words are
/// <see cref="ScalarKind.Retyped"/>: an error wherever they stand, until quoted or respelled.
/// Source of the patterns: the YAML 1.1 type repository (bool, int, float, null, timestamp, merge, value).
/// </summary>
internal static class PlainScalar
{
    /// <summary>Classifies; the second value says what a YAML 1.1 reader makes of a retyped word.</summary>
    public static (ScalarKind Kind, string RetypedAs) Classify(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => (ScalarKind.Null, ""),
        "true" => (ScalarKind.True, ""),
        "false" or "off" => (ScalarKind.False, ""),
        "True" or "TRUE" or "yes" or "Yes" or "YES" or "y" or "Y" or "on" or "On" or "ON" => (ScalarKind.Retyped, "true"),
        "False" or "FALSE" or "no" or "No" or "NO" or "n" or "N" or "Off" or "OFF" => (ScalarKind.Retyped, "false"),
        "<<" => (ScalarKind.Retyped, "a merge key"),
        "=" => (ScalarKind.Retyped, "a default value"),
        _ => ClassifyNumber(text),
    };

    /// <summary>Is it a number as JSON spells them?</summary>
    public static bool IsJsonNumber(ReadOnlySpan<char> text)
    {
        if (text is ['-', ..])
        {
            text = text[1..];
        }

        var whole = CountDigits(text);
        if (whole == 0 || (whole > 1 && text[0] == '0'))
        {
            return false;
        }

        text = text[whole..];
        if (text is ['.', ..])
        {
            var fraction = CountDigits(text[1..]);
            if (fraction == 0)
            {
                return false;
            }

            text = text[(fraction + 1)..];
        }

        if (text is ['e' or 'E', ..])
        {
            text = text[1..];
            text = text is ['+' or '-', ..] ? text[1..] : text;
            var exponent = CountDigits(text);
            if (exponent == 0)
            {
                return false;
            }

            text = text[exponent..];
        }

        return text.IsEmpty;
    }

    private static (ScalarKind Kind, string RetypedAs) ClassifyNumber(string text)
    {
        // The longest number worth the name; also bounds the work on hostile words.
        if (text.Length > 64 || !(char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.'))
        {
            return (ScalarKind.String, "");
        }

        if (IsJsonNumber(text))
        {
            return (ScalarKind.Number, "");
        }

        var digits = text.AsSpan(text[0] is '+' or '-' ? 1 : 0);
        var name = digits switch
        {
            ".inf" or ".Inf" or ".INF" or ".nan" or ".NaN" or ".NAN" => "a number",
            ['0', 'x', ..] when IsAll(digits[2..], char.IsAsciiHexDigit) => "a hexadecimal number",
            ['0', 'b', ..] when IsAll(digits[2..], c => c is '0' or '1') => "a binary number",
            ['0', 'o', ..] when IsAll(digits[2..], c => c is >= '0' and <= '7') => "an octal number",
            ['0', ..] when IsAll(digits, c => c is >= '0' and <= '7') => "an octal number",
            _ when IsSexagesimal(digits) => "a base-60 number",
            _ when IsDate(digits) => "a date",
            _ when IsDecimal(digits) => "a number",
            _ => "",
        };
        return name.Length == 0 ? (ScalarKind.String, "") : (ScalarKind.Retyped, name);
    }

    private static bool IsAll(ReadOnlySpan<char> text, Func<char, bool> isDigit)
    {
        foreach (var c in text)
        {
            if (c != '_' && !isDigit(c))
            {
                return false;
            }
        }

        return !text.IsEmpty;
    }

    /// <summary><c>1:30</c>, <c>190:20:30.15</c>.</summary>
    private static bool IsSexagesimal(ReadOnlySpan<char> text)
    {
        var parts = 0;
        foreach (var range in text.Split(':'))
        {
            var part = text[range];
            if (parts++ > 0 && (CountDigits(part) is not (1 or 2) || (CountDigits(part) == 2 && part[0] > '5')))
            {
                return false;
            }

            if (!IsAll(part, c => char.IsAsciiDigit(c) || (c == '.' && parts > 1)))
            {
                return false;
            }
        }

        return parts > 1;
    }

    /// <summary><c>2024-01-31</c>, with or without a time behind it.</summary>
    private static bool IsDate(ReadOnlySpan<char> text)
    {
        if (CountDigits(text) != 4 || text.Length < 8 || text[4] != '-')
        {
            return false;
        }

        var rest = text[5..];
        var month = CountDigits(rest);
        if (month is not (1 or 2) || rest.Length <= month || rest[month] != '-')
        {
            return false;
        }

        rest = rest[(month + 1)..];
        var day = CountDigits(rest);
        return day is 1 or 2 && (rest.Length == day || rest[day] is 'T' or 't' or ' ');
    }

    /// <summary><c>+5</c>, <c>.5</c>, <c>5.</c>, <c>1_000</c>, <c>089</c>.</summary>
    private static bool IsDecimal(ReadOnlySpan<char> text) =>
        IsAll(text, c => char.IsAsciiDigit(c) || c is '.' or 'e' or 'E' or '+' or '-')
        && double.TryParse(text.ToString().Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static int CountDigits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }
}
