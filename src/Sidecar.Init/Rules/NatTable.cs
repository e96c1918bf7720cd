using System.Collections.Immutable;
using System.Text;

namespace Sidecar.Init.Rules;

/// <summary>Entries of a table <c>nat</c> as iptables writes them.</summary>
/// <param name="Chains">Names of chains.</param>
/// <param name="Rules"><c>-A</c> lines of these chains.</param>
/// <param name="Jumps"><c>-A</c> lines of other chains that lead into them.</param>
public sealed record IptablesEntries(ImmutableArray<string> Chains, ImmutableArray<string> Rules, ImmutableArray<string> Jumps)
{
    /// <summary>Nothing.</summary>
    public static IptablesEntries None { get; } = new([], [], []);
}

/// <summary>What <c>iptables-save</c> or <c>ip6tables-save</c> tells of the table <c>nat</c>. Pure: text in, text out.</summary>
/// <param name="Exists">Is there such a table?</param>
/// <param name="Entries">What is ours in it.</param>
/// <param name="HasNothingElse">Only the built-in chains, accepting, and no rule beside ours.</param>
/// <param name="ChainsInUse">Built-in chains with a rule that is not ours, or that do not accept.</param>
/// <param name="IsNftables">Is it a table of nftables, which can be removed? One of the old kernel interface stays.</param>
public sealed record NatTable(bool Exists, IptablesEntries Entries, bool HasNothingElse, ImmutableArray<string> ChainsInUse, bool IsNftables)
{
    /// <summary>Rules about connections that a process of the pod opens.</summary>
    public const string OutboundChain = "SIDECAR_OUTBOUND";

    /// <summary>Rules about connections that arrive.</summary>
    public const string InboundChain = "SIDECAR_INBOUND";

    // Iptables makes the table and its built-in chains where they are missing, and never removes them. What was missing
    // is remembered where the rules are, as an own chain that nothing leads into.
    private const string MadePrefix = "SIDECAR_MADE_";
    private const string WholeTable = "NAT";

    private static readonly string[] JumpingChains = ["PREROUTING", "OUTPUT"];
    private static readonly string[] OurChains = [OutboundChain, InboundChain, .. JumpingChains.Append(WholeTable).Select(static name => MadePrefix + name)];

    /// <summary>Reads the output of <c>iptables-save</c>.</summary>
    public static NatTable Parse(string saved)
    {
        var isNat = false;
        var (exists, hasNothingElse) = (false, true);
        ImmutableArray<string> chains = [], rules = [], jumps = [], inUse = [];
        foreach (var line in saved.Split('\n'))
        {
            if (line.StartsWith('*'))
            {
                isNat = line == "*nat";
                exists |= isNat;
            }
            else if (!isNat)
            {
                continue;
            }
            else if (line.StartsWith(':'))
            {
                var words = line[1..].Split(' ');
                if (OurChains.Contains(words[0]))
                {
                    chains = chains.Add(words[0]);
                }
                else if (words.Length < 2 || words[1] != "ACCEPT")
                {
                    hasNothingElse = false;
                    inUse = inUse.Add(words[0]);
                }
            }
            else if (line.StartsWith("-A ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                if (OurChains.Contains(words[1]))
                {
                    rules = rules.Add(line);
                }
                else if (words[^2] is "-j" or "-g" && OurChains.Contains(words[^1]))
                {
                    jumps = jumps.Add(line);
                }
                else
                {
                    hasNothingElse = false;
                    inUse = inUse.Add(words[1]);
                }
            }
        }

        return new NatTable(exists, new IptablesEntries(chains, rules, jumps), hasNothingElse, inUse, saved.Contains("(nf_tables)", StringComparison.Ordinal));
    }

    /// <summary>What is to be ours in this table: the wanted entries, and what was not there before the first of them.</summary>
    /// <param name="wanted">Chains, rules and jumps.</param>
    /// <param name="nftListing">Output of <c>nft list table</c> of this table, which, unlike iptables-save, shows whether a built-in chain exists; null when nft is not installed.</param>
    public IptablesEntries Keeping(IptablesEntries wanted, string? nftListing)
    {
        if (wanted.Chains.IsEmpty)
        {
            return wanted;
        }

        string[] made = !Entries.Chains.IsEmpty
            ? [.. Entries.Chains.Where(static chain => chain.StartsWith(MadePrefix, StringComparison.Ordinal))]
            : [.. Missing(nftListing).Select(static name => MadePrefix + name)];
        return wanted with
        {
            Chains = [.. wanted.Chains, .. made],
            Rules = [.. wanted.Rules, .. made.Select(static chain => $"-A {chain} -m comment --comment \"was not there before, so clean removes it\" -j RETURN")],
        };
    }

    /// <summary>The transaction for nft that removes what was made for our entries and is in nobody's use; empty when nothing is to be done.</summary>
    /// <param name="removed">The entries that were just removed from this table.</param>
    /// <param name="family"><c>ip</c> or <c>ip6</c>.</param>
    public string LeftOverRemoval(IptablesEntries removed, string family)
    {
        if (!IsNftables)
        {
            return "";
        }

        if (removed.Chains.Contains(MadePrefix + WholeTable))
        {
            return HasNothingElse ? $"delete table {family} nat\n" : "";
        }

        return string.Concat(JumpingChains
            .Where(chain => removed.Chains.Contains(MadePrefix + chain) && !ChainsInUse.Contains(chain))
            .Select(chain => $"delete chain {family} nat {chain}\n"));
    }

    /// <summary>The transaction for <c>iptables-restore --noflush</c> that turns our entries into others and touches nothing else; empty when nothing is to be done.</summary>
    public static string Transition(IptablesEntries from, IptablesEntries to)
    {
        if (from.Chains.IsEmpty && to.Chains.IsEmpty)
        {
            return "";
        }

        var text = new StringBuilder("*nat\n");

        // Declaring a chain makes it, or empties it where it is.
        foreach (var chain in to.Chains)
        {
            text.Append($":{chain} - [0:0]\n");
        }

        // Jumps that are as they should be stay where they are, so that applying twice does not move them.
        var haveToMove = !from.Jumps.Order(StringComparer.Ordinal).SequenceEqual(to.Jumps.Order(StringComparer.Ordinal));
        AppendLines(text, haveToMove ? from.Jumps.Select(static jump => string.Concat("-D", jump.AsSpan(2))) : []);
        var leftOver = from.Chains.Except(to.Chains).ToArray();
        AppendLines(text, leftOver.Select(static chain => $"-F {chain}"));
        AppendLines(text, leftOver.Select(static chain => $"-X {chain}"));
        AppendLines(text, to.Rules);
        AppendLines(text, haveToMove ? to.Jumps : []);
        return text.Append("COMMIT\n").ToString();
    }

    private IEnumerable<string> Missing(string? nftListing)
    {
        if (!Exists)
        {
            return [WholeTable];
        }

        return nftListing is null ? [] : JumpingChains.Where(chain => !nftListing.Contains($"chain {chain} {{", StringComparison.Ordinal));
    }

    private static void AppendLines(StringBuilder text, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            text.Append(line).Append('\n');
        }
    }
}
