using System.CommandLine;
using Sidecar.Contract;
using Sidecar.Init.Check;
using Sidecar.Init.Options;

namespace Sidecar.Init.Commands;

/// <summary><c>check</c>: is a connection redirected?</summary>
internal static class CheckCommand
{
    private const string Advice =
        "Run `sidecar-init apply` in this network namespace first, and `check` with the same options. "
        + "`nft list table inet sidecar`, or `iptables-save -t nat` and `ip6tables-save -t nat`, shows what is there.";

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(RedirectOptions options, ParseResult parsed, CommandEnvironment environment)
    {
        var findings = await new InterceptionCheck(options, environment.Facts(), environment.Time).RunAsync();
        foreach (var finding in findings)
        {
            var (writer, word) = finding.Verdict switch
            {
                CheckVerdict.Proven => (environment.Output, "redirected"),
                CheckVerdict.Absent => (environment.Output, "nothing to check"),
                _ => (environment.Error, "FAILED"),
            };
            await writer.WriteLineAsync($"{word}: {finding.Message}");
        }

        if (findings.Any(static finding => finding.Verdict == CheckVerdict.Failed))
        {
            await environment.Error.WriteLineAsync(Advice);
            return ExitCodes.Failed;
        }

        if (findings.All(static finding => finding.Verdict == CheckVerdict.Absent))
        {
            await environment.Error.WriteLineAsync("FAILED: nothing could be proven. Run it in the pod's network namespace, which has a default route.");
            return ExitCodes.Failed;
        }

        return ExitCodes.Ok;
    }
}
