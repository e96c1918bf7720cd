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
/// <param name="IsNftables">Is it a table of nftables, which can be removed? One of the old kernel interface stays.</param>
public sealed record NatTable(bool Exists, IptablesEntries Entries, bool HasNothingElse, bool IsNftables)
{
    /// <summary>Rules about connections that a process of the pod opens.</summary>
    public const string OutboundChain = "SIDECAR_OUTBOUND";

    /// <summary>Rules about connections that arrive.</summary>
    public const string InboundChain = "SIDECAR_INBOUND";

    /// <summary>Remembers, where the rules are, that there was no table before them; nothing leads into it.</summary>
    public const string MadeTableChain = "SIDECAR_MADE_NAT";

    private static readonly string[] OurChains = [OutboundChain, InboundChain, MadeTableChain];

    /// <summary>Reads the output of <c>iptables-save</c>.</summary>
    public static NatTable Parse(string saved)
    {
        var isNat = false;
        var (exists, hasNothingElse) = (false, true);
        ImmutableArray<string> chains = [], rules = [], jumps = [];
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
                else
                {
                    hasNothingElse &= words.Length > 1 && words[1] == "ACCEPT";
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
                }
            }
        }

        return new NatTable(exists, new IptablesEntries(chains, rules, jumps), hasNothingElse, saved.Contains("(nf_tables)", StringComparison.Ordinal));
    }

    /// <summary>What is to be ours in this table: the wanted entries, and, once, that the table was not there before.</summary>
    public IptablesEntries Keeping(IptablesEntries wanted)
    {
        if (wanted.Chains.IsEmpty || (Exists && !Entries.Chains.Contains(MadeTableChain)))
        {
            return wanted;
        }

        return wanted with
        {
            Chains = wanted.Chains.Add(MadeTableChain),
            Rules = wanted.Rules.Add($"-A {MadeTableChain} -m comment --comment \"there was no nat table before, so clean removes it\" -j RETURN"),
        };
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

    private static void AppendLines(StringBuilder text, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            text.Append(line).Append('\n');
        }
    }
}
