namespace Sidecar.Interception.Tests.Topology;

/// <summary>Short commands that must succeed.</summary>
internal static class Command
{
    /// <summary>Where <c>ip</c>, <c>nft</c>, <c>nginx</c> and the applications are; never a path below somebody's home.</summary>
    public const string SearchPath = "/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Is it installed?</summary>
    public static bool Exists(string name) => PathOf(name) is not null;

    /// <summary>Runs a command, arguments separated by spaces, to its successful end.</summary>
    /// <exception cref="InvalidOperationException">It failed; with its output.</exception>
    public static Task<CommandResult> RunAsync(string commandLine) => RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Runs a command to its successful end.</summary>
    /// <exception cref="InvalidOperationException">It failed; with its output.</exception>
    public static async Task<CommandResult> RunAsync(IReadOnlyList<string> commandLine)
    {
        var result = await TryAsync(commandLine);
        return result.ExitCode == 0 ? result : throw new InvalidOperationException($"{string.Join(' ', commandLine)}: {result}");
    }

    /// <summary>Runs a command to its end, whatever that is.</summary>
    public static Task<CommandResult> TryAsync(IReadOnlyList<string> commandLine) =>
        ProxyProcess.RunAsync(PathOf(commandLine[0]) ?? commandLine[0], commandLine.Skip(1));

    // root's PATH often lacks the sbin folders when it comes from su or a build service.
    private static string? PathOf(string name) =>
        SearchPath.Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
