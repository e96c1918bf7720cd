using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sidecar.Init.Options;
using Sidecar.Init.Rules;
using Sidecar.Init.Tests.Options;

namespace Sidecar.Init.Tests;

/// <summary>
/// Folders <c>golden/NAME</c>: <c>args</c> has one option per line, a flag and its value; the other files are the text of
/// the rules. <c>UPDATE_GOLDEN=1 dotnet test tests/Sidecar.Init.Tests</c> rewrites them; a new case is a new folder with
/// <c>args</c>.
/// </summary>
internal static class GoldenCases
{
    public static TheoryData<string> Names { get; } = [.. Directory.EnumerateDirectories(Root()).Select(static folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    public static string[] Arguments(string name) => [.. Read(name, "args").Split('\n', StringSplitOptions.RemoveEmptyEntries).SelectMany(static line => line.Split(' ', 2))];

    public static RedirectRules Rules(string name)
    {
        var (options, problems) = RedirectOptionsReaderTests.Read(Arguments(name).Chunk(2).ToDictionary(static pair => pair[0], static pair => pair[1]));
        Assert.Empty(problems);
        return RedirectRules.Of(options!);
    }

    public static (string File, string Text)[] Texts(string name)
    {
        var rules = Rules(name);
        return
        [
            ("rules.nft", RuleSetWriter.Nft(rules)),
            ("rules.v4", RuleSetWriter.Iptables(rules, AddressFamily.InterNetwork)),
            ("rules.v6", RuleSetWriter.Iptables(rules, AddressFamily.InterNetworkV6)),
        ];
    }

    public static string Read(string name, string file) => File.ReadAllText(Path.Combine(Root(), name, file));

    public static void Verify(string name, string file, string actual)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Path.Combine(Root(), name, file), actual);
        }

        Assert.Equal(Read(name, file), actual);
    }

    private static string Root([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "golden");
}
