using System.Diagnostics;
using System.Globalization;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>An application in a namespace, under a user of its own; what it prints can be awaited. Killed after the test.</summary>
internal sealed class NamespaceProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;
    private readonly object _gate = new();
    private readonly List<string> _output = [];
    private readonly List<string> _errors = [];
    private TaskCompletionSource _changed = New();

    private NamespaceProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _reading = Task.WhenAll(PumpAsync(_process.StandardOutput, _output), PumpAsync(_process.StandardError, _errors));
    }

    /// <summary>Its process id: <c>ip netns exec</c> and <c>setpriv</c> replace themselves by the application.</summary>
    public int Id => _process.Id;

    /// <summary>Standard output so far.</summary>
    public string Output => TextOf(_output);

    /// <summary>Both streams so far, for the message of a failed assertion.</summary>
    public override string ToString() => $"{_process.StartInfo.ArgumentList[^1]}\n--- stdout\n{Output}\n--- stderr\n{TextOf(_errors)}";

    /// <summary>Starts.</summary>
    /// <param name="user">Both user and group id.</param>
    public static NamespaceProcess Start(NetworkNamespace network, int user, IReadOnlyList<string> commandLine, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("/usr/bin/env", WithUser(network, user, commandLine))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = Command.SearchPath;
        start.Environment["LANG"] = "C.UTF-8";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new NamespaceProcess(start);
    }

    /// <summary>Runs to its end.</summary>
    public static async Task<CommandResult> RunAsync(NetworkNamespace network, int user, IReadOnlyList<string> commandLine, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var process = Start(network, user, commandLine, environment);
        return new CommandResult(await process.WaitForExitAsync(), process.Output, process.TextOf(process._errors));
    }

    /// <summary>The command line that starts something inside a namespace under a user.</summary>
    public static IReadOnlyList<string> WithUser(NetworkNamespace network, int user, IReadOnlyList<string> commandLine)
    {
        var id = user.ToString(CultureInfo.InvariantCulture);
        return ["ip", "netns", "exec", network.Name, "setpriv", "--reuid", id, "--regid", id, "--clear-groups", .. commandLine];
    }

    /// <summary>The first line of either stream that contains the text, now or later.</summary>
    public async Task<string> WaitForLineAsync(string text)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_output.Concat(_errors).FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                {
                    return found;
                }

                changed = _changed.Task;
            }

            if (_reading.IsCompleted)
            {
                throw new InvalidOperationException($"It ended without saying \"{text}\": {this}");
            }

            await Patience.Await(Task.WhenAny(changed, _reading), $"the application says \"{text}\": {this}");
        }
    }

    /// <summary>Waits for its end and gives the exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await Patience.Await(Task.WhenAll(_process.WaitForExitAsync(), _reading), $"the application ends: {this}");
        return _process.ExitCode;
    }

    /// <summary>Kills it, and what it has started, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        await _reading;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string TextOf(List<string> lines)
    {
        lock (_gate)
        {
            return string.Join('\n', lines);
        }
    }

    private async Task PumpAsync(StreamReader reader, List<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            TaskCompletionSource changed;
            lock (_gate)
            {
                lines.Add(line);
                changed = _changed;
                _changed = New();
            }

            changed.SetResult();
        }
    }
}
