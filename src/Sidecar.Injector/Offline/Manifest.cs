using System.Text;

namespace Sidecar.Injector.Offline;

/// <summary>A text of several YAML documents, cut so that the pieces one after another are the text again.</summary>
internal static class Manifest
{
    /// <summary>Larger inputs are refused.</summary>
    public const int MaxLength = 64 * 1024 * 1024;

    /// <summary>The pieces; each but the first begins with its <c>---</c>. No content of a document can begin a line with it.</summary>
    public static IReadOnlyList<string> Split(string text)
    {
        var pieces = new List<string>();
        var start = 0;
        for (var line = 0; line < text.Length;)
        {
            if (line > start && IsSeparator(text.AsSpan(line)))
            {
                pieces.Add(text[start..line]);
                start = line;
            }

            var end = text.IndexOf('\n', line);
            line = end < 0 ? text.Length : end + 1;
        }

        pieces.Add(text[start..]);
        return pieces;
    }

    /// <summary>Is there anything but comments, blank lines, directives and separators?</summary>
    public static bool IsBlank(string piece)
    {
        foreach (var line in piece.AsSpan().EnumerateLines())
        {
            var trimmed = line.Trim();
            if (!trimmed.IsEmpty && trimmed[0] is not ('#' or '%') && trimmed is not ("---" or "..."))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads bytes of UTF-8, with or without a mark at the beginning.</summary>
    public static string Decode(byte[] bytes) => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);

    private static bool IsSeparator(ReadOnlySpan<char> line) => line.StartsWith("---") && (line.Length == 3 || line[3] is ' ' or '\t' or '\r' or '\n');
}
