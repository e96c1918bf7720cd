using System.Net.Sockets;
using Sidecar.Init.Rules;

namespace Sidecar.Init.Backends;

/// <summary>iptables and ip6tables: a transaction each; when the second fails, the first is taken back.</summary>
public sealed class IptablesBackend(IProgramRunner programs, SystemFacts facts) : IRedirectBackend
{
    // Seconds to wait for the lock that the old kernel interface needs.
    private static readonly string[] WaitForLock = ["-w", "10"];

    private static readonly Family V4 = new("iptables", "ip", AddressFamily.InterNetwork);
    private static readonly Family V6 = new("ip6tables", "ip6", AddressFamily.InterNetworkV6);

    // A kernel without IPv6 has no tables for it, and no packets.
    private Family[] Families => facts.HasIpv6 ? [V4, V6] : [V4];

    /// <inheritdoc/>
    public async Task<RulesOutcome> ApplyAsync(RedirectRules rules)
    {
        var done = new List<(Family Family, NatTable Before)>();
        foreach (var family in Families)
        {
            var (before, problem) = await ReadAsync(family, "apply the rules");
            if (before is null)
            {
                if (IsLeftAlone(family, rules))
                {
                    continue;
                }

                return await TakeBackAsync(done, problem);
            }

            var wanted = before.Keeping(RuleSetWriter.IptablesEntriesOf(rules, family.Addresses), await ListAsync(family));
            var result = await RestoreAsync(family, NatTable.Transition(before.Entries, wanted));
            if (result.ExitCode != 0)
            {
                return await TakeBackAsync(done, FailureText.Explain("apply the rules", family.Restore, result, facts));
            }

            done.Add((family, before));
        }

        return RulesOutcome.Done($"applied: chains {NatTable.OutboundChain} and {NatTable.InboundChain} in the table nat of {Names(Families)}");
    }

    /// <inheritdoc/>
    public async Task<RulesOutcome> TryAsync(RedirectRules rules)
    {
        foreach (var family in Families)
        {
            var (before, problem) = await ReadAsync(family, "check the rules");
            if (before is null)
            {
                if (IsLeftAlone(family, rules))
                {
                    continue;
                }

                return RulesOutcome.Failed(problem);
            }

            var wanted = before.Keeping(RuleSetWriter.IptablesEntriesOf(rules, family.Addresses), await ListAsync(family));
            var result = await RestoreAsync(family, NatTable.Transition(before.Entries, wanted), "--test");
            if (result.ExitCode != 0)
            {
                return RulesOutcome.Failed(FailureText.Explain("check the rules", family.Restore, result, facts));
            }
        }

        return RulesOutcome.Done($"would be accepted: by {Names(Families)}; nothing was changed");
    }

    /// <inheritdoc/>
    public async Task<RulesOutcome> CleanAsync()
    {
        // Both families are tried even if one fails: what can be removed is removed.
        var problems = new List<string>();
        foreach (var family in Families)
        {
            if (await CleanAsync(family) is { } problem)
            {
                problems.Add(problem);
            }
        }

        return problems.Count == 0
            ? RulesOutcome.Done($"clean: nothing of ours is left in the table nat of {Names(Families)}")
            : RulesOutcome.Failed(string.Join('\n', problems));
    }

    // --ipv6 off is the way out where ip6tables does not work, so then it need not even answer.
    private static bool IsLeftAlone(Family family, RedirectRules rules) => family == V6 && !rules.IsIpv6Redirected;

    private static string Names(Family[] families) => string.Join(" and ", families.Select(static family => family.Name));

    private async Task<RulesOutcome> TakeBackAsync(List<(Family Family, NatTable Before)> done, string problem)
    {
        foreach (var (family, before) in done)
        {
            if (await TakeBackAsync(family, before) is { } second)
            {
                return RulesOutcome.Failed($"{problem}\nMoreover the rules of {family.Name} could not be taken back, so run `sidecar-init clean`:\n{second}");
            }
        }

        return RulesOutcome.Failed(problem);
    }

    private async Task<string?> TakeBackAsync(Family family, NatTable before)
    {
        if (before.Entries.Chains.IsEmpty)
        {
            return await CleanAsync(family);
        }

        var (now, problem) = await ReadAsync(family, "take the rules back");
        if (now is null)
        {
            return problem;
        }

        var result = await RestoreAsync(family, NatTable.Transition(now.Entries, before.Entries));
        return result.ExitCode == 0 ? null : FailureText.Explain("take the rules back", family.Restore, result, facts);
    }

    // Returns the problem, null when there is none.
    private async Task<string?> CleanAsync(Family family)
    {
        var (before, problem) = await ReadAsync(family, "remove the rules");
        if (before is null)
        {
            return problem;
        }

        var result = await RestoreAsync(family, NatTable.Transition(before.Entries, IptablesEntries.None));
        if (result.ExitCode != 0)
        {
            return FailureText.Explain("remove the rules", family.Restore, result, facts);
        }

        // Without nft, and with the old kernel interface, an empty table stays, which redirects nothing.
        var leftOver = before.Entries.Chains.IsEmpty || !programs.Has(NftBackend.Program)
            ? ""
            : (await ReadAsync(family, "remove the rules")).Table?.LeftOverRemoval(before.Entries, family.Key) ?? "";
        if (leftOver.Length == 0)
        {
            return null;
        }

        result = await programs.RunAsync(NftBackend.Program, ["-f", "-"], leftOver);
        return result.ExitCode == 0 ? null : FailureText.Explain("remove the empty table or chains that iptables made", NftBackend.Program, result, facts);
    }

    // Null without nft. When the old kernel interface is in use nft knows of no such table, and what that leads to is
    // never used: such a table cannot be removed.
    private async Task<string?> ListAsync(Family family) => programs.Has(NftBackend.Program)
        ? (await programs.RunAsync(NftBackend.Program, ["list", "table", family.Key, "nat"], "")).Output
        : null;

    private async Task<(NatTable? Table, string Problem)> ReadAsync(Family family, string what)
    {
        // All tables: asking for nat alone would make the old kernel interface create it.
        var result = await programs.RunAsync(family.Save, [], "");
        return result.ExitCode == 0 ? (NatTable.Parse(result.Output), "") : (null, FailureText.Explain(what, family.Save, result, facts));
    }

    private async Task<ProgramResult> RestoreAsync(Family family, string text, params string[] arguments) => text.Length == 0
        ? new ProgramResult(0, "", "")
        : await programs.RunAsync(family.Restore, ["--noflush", .. WaitForLock, .. arguments], text);

    private sealed record Family(string Name, string Key, AddressFamily Addresses)
    {
        public string Save => $"{Name}-save";

        public string Restore => $"{Name}-restore";
    }
}
