using Sidecar.Init.Rules;

namespace Sidecar.Init.Backends;

/// <summary>nftables: one transaction of one table.</summary>
public sealed class NftBackend(IProgramRunner programs, SystemFacts facts) : IRedirectBackend
{
    /// <summary>The program.</summary>
    public const string Program = "nft";

    /// <inheritdoc/>
    public Task<RulesOutcome> ApplyAsync(RedirectRules rules) =>
        RunAsync(["-f", "-"], RuleSetWriter.Nft(rules), "apply the rules", $"applied: nft table inet {RuleSetWriter.NftTable}");

    /// <inheritdoc/>
    public Task<RulesOutcome> TryAsync(RedirectRules rules) =>
        RunAsync(["-c", "-f", "-"], RuleSetWriter.Nft(rules), "check the rules", $"would be accepted: nft table inet {RuleSetWriter.NftTable}; nothing was changed");

    /// <inheritdoc/>
    public Task<RulesOutcome> CleanAsync() =>
        RunAsync(["-f", "-"], RuleSetWriter.NftRemoval, "remove the rules", $"clean: no table inet {RuleSetWriter.NftTable} is left in nft");

    private async Task<RulesOutcome> RunAsync(string[] arguments, string input, string what, string done)
    {
        var result = await programs.RunAsync(Program, arguments, input);
        return result.ExitCode == 0 ? RulesOutcome.Done(done) : RulesOutcome.Failed(FailureText.Explain(what, Program, result, facts));
    }
}
