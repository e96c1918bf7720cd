using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace Sidecar.TestKit.Network;

/// <summary>Signals the tests send (numbers are Linux's and macOS').</summary>
public enum PosixSignalNumber
{
    /// <summary>Reload.</summary>
    HangUp = 1,

    /// <summary>Stop without the accept window.</summary>
    Interrupt = 2,

    /// <summary>Drain and stop.</summary>
    Terminate = 15,
}

/// <summary>What a command that ended came to.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Both streams, for the message of a failed assertion.</summary>
    public override string ToString() => $"exit {ExitCode}\n--- stdout\n{Output}\n--- stderr\n{Error}";
}

/// <summary>The proxy's executable as a process of its own.</summary>
public sealed class ProxyProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;
    private readonly TaskCompletionSource<int> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProxyProcess(string executable, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        _process = new Process { StartInfo = StartInfo(executable, arguments, environment), EnableRaisingEvents = true };
        _process.Start();
        _reading = Task.WhenAll(PumpAsync(_process.StandardOutput, Logs), PumpAsync(_process.StandardError, Errors));
        _ = WatchExitAsync();
    }

    /// <summary>Lines of standard output.</summary>
    public LogLines Logs { get; } = new();

    /// <summary>Lines of standard error.</summary>
    public LogLines Errors { get; } = new();

    /// <summary>Completes with the exit code after both outputs were read to their end.</summary>
    public Task<int> ExitCode => _exit.Task;

    /// <summary>Of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a long-running command.</summary>
    public static ProxyProcess Start(string executable, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        new(executable, arguments, environment);

    /// <summary>Runs a command to its end.</summary>
    public static async Task<CommandResult> RunAsync(string executable, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = new Process { StartInfo = StartInfo(executable, arguments, environment) };
        process.Start();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await Patience.Await(Task.WhenAll(output, error, process.WaitForExitAsync()), $"{Path.GetFileName(executable)} {string.Join(' ', arguments)} ends");
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new CommandResult(process.ExitCode, await output, await error);
    }

    /// <summary>The address of a listener, from its <c>listening</c> event.</summary>
    public async Task<IPEndPoint> EndPointAsync(string listener)
    {
        var line = await Logs.WaitForAsync(line => line.Event() == "listening" && line.Text("listener") == listener, $"listening on {listener}; stderr: {Errors.Text}");
        return IPEndPoint.Parse(line.Text("address"));
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(PosixSignalNumber signal)
    {
        if (Kill(_process.Id, (int)signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(string executable, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("OTEL_", StringComparison.Ordinal) || name.StartsWith("SIDECAR_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static async Task PumpAsync(StreamReader reader, LogLines lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Add(line);
        }

        lines.End();
    }

    // DllImport: blittable arguments need no generated marshalling, and this project no unsafe code.
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int processId, int signal);

    private async Task WatchExitAsync()
    {
        await _process.WaitForExitAsync();
        await _reading;
        _exit.SetResult(_process.ExitCode);
    }
}
