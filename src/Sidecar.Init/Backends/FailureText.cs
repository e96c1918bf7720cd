namespace Sidecar.Init.Backends;

/// <summary>A failed program → what failed, the program's own words, why, and what to do. Pure.</summary>
public static class FailureText
{
    private const int ShownLines = 8;

    // nat in tables of the family inet: Linux 5.2 (commit d164385ec572).
    private static readonly Version InetNat = new(5, 2);

    /// <summary>Lines for the operator.</summary>
    /// <param name="what">What was being done: "apply the rules".</param>
    /// <param name="program">The program that failed.</param>
    /// <param name="result">How.</param>
    /// <param name="facts">About the machine.</param>
    public static string Explain(string what, string program, ProgramResult result, SystemFacts facts)
    {
        var words = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var ending = result.ExitCode >= 0 ? $" ended with exit code {result.ExitCode}" : "";
        List<string> lines = [$"Cannot {what}: {program}{ending}; it changed nothing."];
        lines.AddRange(words.Take(ShownLines).Select(static line => $"  {line}"));
        if (words.Length > ShownLines)
        {
            lines.Add($"  … and {words.Length - ShownLines} more lines");
        }

        lines.Add(Advice(program, result, facts));
        return string.Join('\n', lines);
    }

    private static string Advice(string program, ProgramResult result, SystemFacts facts)
    {
        if (!facts.HasNetAdmin || result.Error.Contains("Operation not permitted", StringComparison.Ordinal) || result.Error.Contains("Permission denied", StringComparison.Ordinal))
        {
            return $"This process {(facts.HasNetAdmin ? "may not change this network namespace" : "lacks CAP_NET_ADMIN")}: run as root; in Kubernetes runAsUser: 0 and capabilities.add: [NET_ADMIN, NET_RAW].";
        }

        if (result.Error.Contains("is not installed", StringComparison.Ordinal))
        {
            return program == "nft"
                ? "Install the package nftables, or use --backend iptables."
                : "Install the package iptables, or use --backend nft.";
        }

        if (program == "nft" && facts.Kernel < InetNat)
        {
            return $"Kernel {facts.Kernel.ToString(2)} is too old for nat in a table of both families, which needs {InetNat} or later: use --backend iptables.";
        }

        if (program == "nft")
        {
            return "The kernel may lack a part of nftables (nft_chain_nat, nft_redir, nft_fib_inet): load it on the node, or use --backend iptables.";
        }

        return program.StartsWith("ip6", StringComparison.Ordinal)
            ? "IPv6 tables seem not to be available: load ip6table_nat (or nf_tables) on the node, or leave IPv6 alone with --ipv6 off."
            : "The kernel may lack a part of iptables (iptable_nat, xt_owner, xt_addrtype, xt_comment): load it on the node, or use --backend nft.";
    }
}
