using System.Globalization;
using System.Text;

namespace Sidecar.Configuration.Documents;

/// <summary>Values of hostile origin inside messages: bounded, on one line, and visibly delimited.</summary>
internal static class MessageText
{
    /// <summary>Longer values are cut.</summary>
    public const int MaxQuotedLength = 80;

    /// <summary>The text in single quotes; control and non-ASCII characters escaped, cut at <see cref="MaxQuotedLength"/>.</summary>
    public static string Quote(string text) => $"'{Escape(text)}'";

    /// <summary>The same without quotes, cut at <paramref name="maxLength"/>. The user part of an address is left out: it may hold a password, and messages go to logs.</summary>
    public static string Escape(string text, int maxLength = MaxQuotedLength)
    {
        text = WithoutUser(text);
        var quoted = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, maxLength)))
        {
            if (c is (>= ' ' and <= '~') or '…')
            {
                quoted.Append(c);
            }
            else
            {
                quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
        }

        return quoted.Append(text.Length > maxLength ? "…" : "").ToString();
    }

    private static string WithoutUser(string text)
    {
        var start = text.IndexOf("://", StringComparison.Ordinal);
        var end = text.LastIndexOf('@');
        return start >= 0 && end > start ? $"{text[..(start + 3)]}…{text[end..]}" : text;
    }

    /// <summary>"a, b or c".</summary>
    public static string OneOf(IEnumerable<string> words)
    {
        var all = words.ToList();
        return all.Count < 2 ? string.Concat(all) : $"{string.Join(", ", all.Take(all.Count - 1))} or {all[^1]}";
    }
}
