namespace Sidecar.Injector.Injection;

/// <summary>Lines that the API server hands on as HTTP headers: printable ASCII, and short, since it cuts them and drops them all when they are many.</summary>
internal static class WarningText
{
    /// <summary>More problems of one pod are not listed.</summary>
    public const int MostProblems = 6;

    // The API server cuts a warning at 256 characters and forgets all of them above 4096 in sum.
    private const int Longest = 250;

    /// <summary>The line.</summary>
    public static string Of(string word, string text)
    {
        var line = string.Concat($"sidecar {word}: {text}".Select(static character => character is >= ' ' and <= '~' ? character : '?'));
        return line.Length <= Longest ? line : $"{line[..(Longest - 3)]}...";
    }
}
