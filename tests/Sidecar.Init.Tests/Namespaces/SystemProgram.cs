using System.Diagnostics;
using Sidecar.TestKit.Network;

namespace Sidecar.Init.Tests.Namespaces;

/// <summary>Programs of the system, run to their end.</summary>
internal static class SystemProgram
{
    // Debian's PATH of an ordinary shell lacks these, also when it is root's.
    private static readonly string[] Folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/sbin"];

    public static bool Has(string program) => Folders.Any(folder => File.Exists(Path.Combine(folder, program)));

    public static string PathOf(string program) => Folders.Select(folder => Path.Combine(folder, program)).First(File.Exists);

    public static CommandResult Run(string program, params IEnumerable<string> arguments) => Run(program, "", new Dictionary<string, string>(), arguments);

    public static CommandResult Run(string program, string input, IReadOnlyDictionary<string, string> variables, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program.Contains('/', StringComparison.Ordinal) ? program : PathOf(program), arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("SIDECAR_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["PATH"] = string.Join(':', Folders);
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CommandResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
