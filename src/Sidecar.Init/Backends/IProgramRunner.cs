namespace Sidecar.Init.Backends;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
public sealed record ProgramResult(int ExitCode, string Output, string Error);

/// <summary>Runs <c>nft</c> and the programs of iptables.</summary>
public interface IProgramRunner
{
    /// <summary>Is this program installed?</summary>
    bool Has(string program);

    /// <summary>Runs a program to its end. One that is not installed or takes longer than 30 s has the exit code -1 and the reason in <see cref="ProgramResult.Error"/>.</summary>
    /// <param name="program">Name without a path.</param>
    /// <param name="arguments">Passed as they are; there is no shell.</param>
    /// <param name="input">For its standard input.</param>
    Task<ProgramResult> RunAsync(string program, IReadOnlyList<string> arguments, string input);
}
