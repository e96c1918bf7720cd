using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidecar.Init.Options;

namespace Sidecar.Init.Rules;

/// <summary>Rules → the text that <c>nft -f</c> or <c>iptables-restore --noflush</c> reads.</summary>
public static class RuleSetWriter
{
    /// <summary>The table of nft, of the family <c>inet</c>. Nobody else's: it is replaced and removed whole.</summary>
    public const string NftTable = "sidecar";

    private const string Origin = "# Made by sidecar-init; `sidecar-init clean` removes it.\n";

    /// <summary>The transaction that replaces the table, whether it is there or not.</summary>
    public static string Nft(RedirectRules rules)
    {
        var text = new StringBuilder(Origin);
        text.Append(NftRemoval);
        text.Append($"table inet {NftTable} {{\n");

        // Numbers: nft before 1.0.7 knows the name dstnat only in prerouting.
        AppendNftChain(text, "outbound", "hook output priority -100", "oifname", rules.Outbound);
        text.Append('\n');
        AppendNftChain(text, "inbound", "hook prerouting priority -100", "iifname", rules.Inbound);
        return text.Append("}\n").ToString();
    }

    /// <summary>The transaction that removes the table, whether it is there or not.</summary>
    public static string NftRemoval => $"add table inet {NftTable}\ndelete table inet {NftTable}\n";

    /// <summary>What is added to a table <c>nat</c> that has nothing of ours.</summary>
    public static string Iptables(RedirectRules rules, AddressFamily family) =>
        Origin + NatTable.Transition(IptablesEntries.None, IptablesEntriesOf(rules, family));

    /// <summary>Our chains and rules in the table <c>nat</c>; none when the family is not redirected.</summary>
    public static IptablesEntries IptablesEntriesOf(RedirectRules rules, AddressFamily family)
    {
        if (family == AddressFamily.InterNetworkV6 && !rules.IsIpv6Redirected)
        {
            return IptablesEntries.None;
        }

        return new IptablesEntries(
            [NatTable.OutboundChain, NatTable.InboundChain],
            [
                .. rules.Outbound.SelectMany(rule => IptablesRule(NatTable.OutboundChain, "-o", rule, family)),
                .. rules.Inbound.SelectMany(rule => IptablesRule(NatTable.InboundChain, "-i", rule, family)),
            ],
            [
                $"-A OUTPUT -p tcp -m comment --comment \"sidecar: what leaves\" -j {NatTable.OutboundChain}",
                $"-A PREROUTING -p tcp -m comment --comment \"sidecar: what arrives\" -j {NatTable.InboundChain}",
            ]);
    }

    private static void AppendNftChain(StringBuilder text, string name, string hook, string interfaceKey, ImmutableArray<RedirectRule> rules)
    {
        text.Append($"\tchain {name} {{\n\t\ttype nat {hook}; policy accept;\n");
        text.Append("\t\tmeta l4proto != tcp return comment \"only TCP is redirected\"\n");
        foreach (var rule in rules)
        {
            // redirect to a port is only allowed behind a match on the protocol, in the same rule.
            var verdict = rule.RedirectTo is { } port ? $"meta l4proto tcp redirect to :{port}" : "return";
            foreach (var match in NftMatches(rule.Match, interfaceKey))
            {
                text.Append($"\t\t{match}{(match.Length > 0 ? " " : "")}{verdict} comment \"{rule.Comment}\"\n");
            }
        }

        text.Append("\t}\n");
    }

    private static IEnumerable<string> NftMatches(RuleMatch match, string interfaceKey) => match switch
    {
        RuleMatch.Anything => [""],
        RuleMatch.Owner owner => [$"meta skuid {owner.Uid} meta skgid {owner.Gid}"],
        RuleMatch.LocalDestination => ["fib daddr type local"],
        RuleMatch.Ipv6 => ["meta nfproto ipv6"],
        RuleMatch.Interfaces interfaces => [$"{interfaceKey} {{ {string.Join(", ", interfaces.Names.Select(static name => $"\"{name}\""))} }}"],
        RuleMatch.Destinations destinations =>
            from family in new[] { (Key: "ip", Networks: destinations.Networks.OfFamily(AddressFamily.InterNetwork)), (Key: "ip6", Networks: destinations.Networks.OfFamily(AddressFamily.InterNetworkV6)) }
            where family.Networks.Length > 0
            select $"{family.Key} daddr {{ {string.Join(", ", family.Networks.Select(Text))} }}",
        RuleMatch.DestinationPorts ports => [$"tcp dport {{ {string.Join(", ", ports.Ports.Ranges)} }}"],
        RuleMatch.OtherPorts ports => [$"tcp dport != {{ {string.Join(", ", ports.Ports.Ranges)} }}"],
        _ => throw new InvalidOperationException($"No nft text for {match.GetType().Name}."),
    };

    // One rule per entry: the lists of iptables (multiport) end at 15 ports.
    private static IEnumerable<string> IptablesRule(string chain, string interfaceOption, RedirectRule rule, AddressFamily family)
    {
        var verdict = rule.RedirectTo is { } port ? $"-j REDIRECT --to-ports {port}" : "-j RETURN";
        return IptablesMatches(rule.Match, interfaceOption, family)
            .Select(match => $"-A {chain} -p tcp{match} -m comment --comment \"{rule.Comment}\" {verdict}");
    }

    private static IEnumerable<string> IptablesMatches(RuleMatch match, string interfaceOption, AddressFamily family) => match switch
    {
        RuleMatch.Anything => [""],
        RuleMatch.Owner owner => [$" -m owner --uid-owner {owner.Uid} --gid-owner {owner.Gid}"],
        RuleMatch.LocalDestination => [" -m addrtype --dst-type LOCAL"],
        RuleMatch.Ipv6 => family == AddressFamily.InterNetworkV6 ? [""] : [],
        RuleMatch.Interfaces interfaces => interfaces.Names.Select(name => $" {interfaceOption} {name}"),
        RuleMatch.Destinations destinations => destinations.Networks.OfFamily(family).Select(static network => $" -d {network}"),
        RuleMatch.DestinationPorts ports => ports.Ports.Ranges.Select(PortMatch),
        RuleMatch.OtherPorts ports => ports.Ports.Complement().Ranges.Select(PortMatch),
        _ => throw new InvalidOperationException($"No iptables text for {match.GetType().Name}."),
    };

    private static string PortMatch(PortRange range) => range.First == range.Last ? $" -m tcp --dport {range.First}" : $" -m tcp --dport {range.First}:{range.Last}";

    // As `nft list` shows it: a single address without its prefix.
    private static string Text(IPNetwork network) =>
        network.PrefixLength == (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128) ? network.BaseAddress.ToString() : network.ToString();
}
