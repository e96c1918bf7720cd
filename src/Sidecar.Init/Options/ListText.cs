namespace Sidecar.Init.Options;

/// <summary>Comma separated values as they stand in annotations: <c>25, 3000-3010</c>. They come from whoever may write a pod.</summary>
internal static class ListText
{
    /// <summary>More entries than this are refused, so that a rule set has a bound.</summary>
    public const int MaximumEntries = 256;

    // As much of a refused value as a line of a log should carry.
    private const int QuotedLength = 60;

    /// <summary>The entries without the blanks around them; an empty one is an entry too, for the reader to refuse.</summary>
    public static string[] Split(string text, Action<string> refuse)
    {
        var entries = text.Split(',');
        if (entries.Length > MaximumEntries)
        {
            refuse($"has {entries.Length} entries; at most {MaximumEntries} are allowed: write ranges, or larger networks");
            return [];
        }

        return Array.ConvertAll(entries, static entry => entry.Trim(' '));
    }

    /// <summary>A value for a message: printable ASCII as it is, anything else by its code, cut when long.</summary>
    public static string Quote(string value)
    {
        var cut = value.Length > QuotedLength ? value[..QuotedLength] : value;
        var visible = string.Concat(cut.Select(static character => character is >= ' ' and <= '~' ? character.ToString() : $"\\u{(int)character:x4}"));
        return cut.Length == value.Length ? $"\"{visible}\"" : $"\"{visible}\"… ({value.Length} characters)";
    }

    /// <summary>A decimal number without sign, blanks or leading zeros.</summary>
    public static bool TryReadNumber(ReadOnlySpan<char> text, uint maximum, out uint number)
    {
        number = 0;
        return text.Length is > 0 and <= 10
            && !text.ContainsAnyExceptInRange('0', '9')
            && (text.Length == 1 || text[0] != '0')
            && uint.TryParse(text, out number)
            && number <= maximum;
    }
}
