using Sidecar.Init.Backends;

namespace Sidecar.Init.Tests.Backends;

/// <summary>Programs that answer what a test says, and remember what they were given.</summary>
internal sealed class ScriptedPrograms : IProgramRunner
{
    private readonly Dictionary<string, Queue<ProgramResult>> _results = [];

    /// <summary>Everything that was run.</summary>
    public List<(string Program, string Arguments, string Input)> Runs { get; } = [];

    /// <summary>The next answer of a program; without one it succeeds and says nothing.</summary>
    public ScriptedPrograms Answers(string program, int exitCode, string output = "", string error = "")
    {
        if (!_results.TryGetValue(program, out var queue))
        {
            _results[program] = queue = [];
        }

        queue.Enqueue(new ProgramResult(exitCode, output, error));
        return this;
    }

    public HashSet<string> Missing { get; } = [];

    public bool Has(string program) => !Missing.Contains(program);

    public Task<ProgramResult> RunAsync(string program, IReadOnlyList<string> arguments, string input)
    {
        Runs.Add((program, string.Join(' ', arguments), input));
        if (Missing.Contains(program))
        {
            return Task.FromResult(new ProgramResult(-1, "", $"{program} is not installed: it is neither in PATH nor in /usr/sbin:/sbin"));
        }

        return Task.FromResult(_results.TryGetValue(program, out var queue) && queue.TryDequeue(out var result) ? result : new ProgramResult(0, "", ""));
    }
}
