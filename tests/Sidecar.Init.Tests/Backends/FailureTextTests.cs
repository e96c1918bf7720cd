using Sidecar.Init.Backends;

namespace Sidecar.Init.Tests.Backends;

public sealed class FailureTextTests
{
    private static readonly SystemFacts Facts = new(new Version(6, 1), HasNetAdmin: true, HasIpv6: true, Uid: 0, Gid: 0);

    [Theory]
    [InlineData("nft", "nft is not installed: …", "6.1", true, "Install the package nftables, or use --backend iptables.")]
    [InlineData("iptables-save", "iptables-save is not installed: …", "6.1", true, "Install the package iptables")]
    [InlineData("nft", "netlink: Error: cache initialization failed: Operation not permitted", "6.1", false, "lacks CAP_NET_ADMIN: run as root; in Kubernetes runAsUser: 0 and capabilities.add: [NET_ADMIN, NET_RAW]")]
    [InlineData("nft", "Error: Could not process rule: Operation not permitted", "6.1", true, "may not change this network namespace")]
    [InlineData("iptables-restore", "Permission denied (you must be root)", "6.1", true, "may not change this network namespace")]
    [InlineData("nft", "Error: Could not process rule: Operation not supported", "5.1", true, "Kernel 5.1 is too old for nat in a table of both families, which needs 5.2 or later: use --backend iptables.")]
    [InlineData("nft", "Error: Could not process rule: No such file or directory", "5.2", true, "use --backend iptables")]
    [InlineData("ip6tables-restore", "unable to initialize table 'nat'", "6.1", true, "IPv6 tables seem not to be available: load ip6table_nat (or nf_tables) on the node, or leave IPv6 alone with --ipv6 off.")]
    [InlineData("iptables-restore", "Couldn't load match `owner'", "6.1", true, "xt_owner")]
    public void Explain_KnownCause_SaysWhatToDo(string program, string error, string kernel, bool hasNetAdmin, string advice)
    {
        var text = FailureText.Explain("apply the rules", program, new ProgramResult(1, "", error), Facts with { Kernel = Version.Parse(kernel), HasNetAdmin = hasNetAdmin });

        Assert.StartsWith($"Cannot apply the rules: {program} ended with exit code 1", text);
        Assert.Contains(error, text);
        Assert.Contains(advice, text.Split('\n')[^1]);
    }

    [Fact]
    public void Explain_ManyLines_AreCut()
    {
        var text = FailureText.Explain("apply the rules", "nft", new ProgramResult(1, "", string.Join('\n', Enumerable.Range(1, 50))), Facts);

        Assert.Equal(11, text.Split('\n').Length);
        Assert.Contains("… and 42 more lines", text);
    }

    [Fact]
    public void Facts_OfAProcessStatus_AreRead()
    {
        const string Status = "Name:\tx\nUid:\t1000\t6102\t1000\t1000\nGid:\t1000\t7\t1000\t1000\nCapInh:\t0000000000000000\nCapEff:\t0000000000001000\n";

        Assert.Equal(new SystemFacts(new Version(6, 1), HasNetAdmin: true, HasIpv6: false, Uid: 6102, Gid: 7), SystemFacts.Of(new Version(6, 1), Status, hasIpv6: false));
        Assert.False(SystemFacts.Of(new Version(6, 1), Status.Replace("1000\n", "2fff\n", StringComparison.Ordinal).Replace("CapEff:\t0000000000002fff", "CapEff:\t0000000000000fff", StringComparison.Ordinal), hasIpv6: false).HasNetAdmin);
    }
}
