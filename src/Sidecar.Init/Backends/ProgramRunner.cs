using System.ComponentModel;
using System.Diagnostics;

namespace Sidecar.Init.Backends;

/// <summary>Programs as processes of the system.</summary>
public sealed class ProgramRunner(TimeProvider time, string? searchPath) : IProgramRunner
{
    private const int NotRun = -1;

    // Where distributions put programs for root; a container's PATH may lack it.
    private const string AdministratorPath = "/usr/sbin:/sbin";

    // These programs take milliseconds; the slowest case is waiting for the lock of iptables.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public bool Has(string program) => Find(program) is not null;

    /// <inheritdoc/>
    public async Task<ProgramResult> RunAsync(string program, IReadOnlyList<string> arguments, string input)
    {
        if (Find(program) is not { } path)
        {
            return new ProgramResult(NotRun, "", $"{program} is not installed: it is neither in PATH nor in {AdministratorPath}");
        }

        var start = new ProcessStartInfo(path, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        // Messages are matched and shown.
        start.Environment["LC_ALL"] = "C";
        using var process = new Process { StartInfo = start };
        using var limit = new CancellationTokenSource(Limit, time);
        try
        {
            process.Start();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await WriteAsync(process, input, limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new ProgramResult(process.ExitCode, await output, await error);
        }
        catch (Win32Exception e)
        {
            return new ProgramResult(NotRun, "", $"{path} cannot be started: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return new ProgramResult(NotRun, "", $"{path} did not end within {Limit.TotalSeconds:0} s");
        }
    }

    private static async Task WriteAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code and message say why.
        }
    }

    // Not left to Process.Start: that would also look into the current directory.
    private string? Find(string program) => $"{searchPath}:{AdministratorPath}"
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Where(Path.IsPathRooted)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}
