using Sidecar.Configuration;

namespace Sidecar.Proxy.Commands;

/// <summary>How findings are printed: one per line, <c>file:line: path: message</c>, which editors can jump to.</summary>
internal static class ProblemOutput
{
    /// <summary>Prints each, with an optional word in front.</summary>
    public static void Write(TextWriter output, IReadOnlyList<ConfigurationProblem> problems, string prefix = "")
    {
        foreach (var problem in problems)
        {
            output.WriteLine($"{prefix}{Printable(problem.ToString())}");
        }
    }

    // The offending value is quoted in messages: a document must not be able to move a terminal's cursor.
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString())) : text;
}
