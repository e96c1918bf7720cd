namespace Sidecar.Init.Tests.Namespaces;

/// <summary>Real rules in real namespaces: what apply does, and that clean leaves what was there, byte for byte.</summary>
public sealed class ApplyAndCleanTests : IDisposable
{
    private const string ForeignNft =
        "table inet foreign {\n chain out {\n type nat hook output priority -90; policy accept;\n tcp dport 9 redirect to :10 comment \"not ours\"\n }\n}\n"
        + "table inet sidecar_other {\n chain c {\n return\n }\n}\n";

    private const string ForeignNat =
        "*nat\n:FOREIGN - [0:0]\n-A OUTPUT -p tcp -m tcp --dport 9 -j FOREIGN\n-A FOREIGN -m comment --comment \"it's not ours\" -j RETURN\nCOMMIT\n*filter\n:SIDECARS - [0:0]\n-A SIDECARS -j RETURN\nCOMMIT\n";

    private readonly PodNetwork _pod = new();

    public static TheoryData<string> Cases => GoldenCases.Names;

    public static TheoryData<string> Backends { get; } = ["nft", "iptables"];

    [NamespaceTheory]
    [MemberData(nameof(Cases))]
    public void Kernel_OfEachOptionSet_AcceptsTheText(string name)
    {
        _pod.Feed("nft", GoldenCases.Read(name, "rules.nft"), "-c", "-f", "-");
        _pod.Feed("iptables-restore", GoldenCases.Read(name, "rules.v4"), "--noflush", "--test");
        _pod.Feed("ip6tables-restore", GoldenCases.Read(name, "rules.v6"), "--noflush", "--test");
        Assert.DoesNotContain("sidecar", _pod.State(), StringComparison.OrdinalIgnoreCase);
    }

    [NamespaceTheory]
    [MemberData(nameof(Cases))]
    public void ApplyTwiceThenClean_OfEachOptionSet_IsIdempotentAndLeavesNothing(string name)
    {
        var before = _pod.State();
        foreach (var backend in new[] { "nft", "iptables" })
        {
            var line = $"--backend {backend} {string.Join(' ', GoldenCases.Arguments(name))}";

            Succeed($"apply {line}");
            var once = _pod.State();
            Succeed($"apply {line}");

            Assert.NotEqual(before, once);
            Assert.Equal(once, _pod.State());

            Succeed("clean");
            Succeed("clean");

            Assert.Equal(before, _pod.State());
        }
    }

    [NamespaceTheory]
    [MemberData(nameof(Backends))]
    public void ApplyAndClean_BesideForeignRules_TouchNoneOfThem(string backend)
    {
        _pod.Feed("nft", ForeignNft, "-f", "-");
        _pod.Feed("iptables-restore", ForeignNat);
        _pod.Feed("ip6tables-restore", ForeignNat);
        var before = _pod.State();

        Succeed($"apply --backend {backend}");
        Succeed($"apply --backend {backend} --skip-outbound-ports 25");
        var applied = _pod.State();
        Succeed("clean");

        Assert.All(before.Split('\n'), line => Assert.Contains(line, applied));
        Assert.Contains("dport", applied);
        Assert.Equal(before, _pod.State());
    }

    [NamespaceFact]
    public void Apply_ForeignRulesCameBehindOurs_TheyStayBehind()
    {
        Succeed("apply --backend iptables");
        _pod.Feed("iptables-restore", ForeignNat, "--noflush");
        var before = _pod.State();

        Succeed("apply --backend iptables");
        Assert.Equal(before, _pod.State());

        // The table was made for us, but somebody else lives in it now.
        Succeed("clean");
        var left = _pod.Saved("iptables-save");
        Assert.Contains("FOREIGN", left);
        Assert.DoesNotContain("SIDECAR_", left);
        Assert.Equal("", _pod.Saved("ip6tables-save"));
    }

    [NamespaceTheory]
    [MemberData(nameof(Backends))]
    public void Apply_OtherOptions_ReplacesTheEarlierRules(string backend)
    {
        Succeed($"apply --backend {backend} --skip-outbound-ports 4711");
        Succeed($"apply --backend {backend} --skip-outbound-ports 4712");
        var replaced = _pod.State();
        Succeed("clean");
        Succeed($"apply --backend {backend} --skip-outbound-ports 4712");

        Assert.DoesNotContain("4711", replaced);
        Assert.Equal(_pod.State(), replaced);
    }

    [NamespaceTheory]
    [MemberData(nameof(Backends))]
    public void Apply_DryRun_ChangesNothing(string backend)
    {
        var before = _pod.State();

        var result = _pod.Init($"apply --dry-run --backend {backend}");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("nothing was changed", result.Output);
        Assert.Equal(before, _pod.State());
    }

    [NamespaceTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Apply_NftRefusesTheLastRule_NothingOfTheTransactionStays(bool isAppliedBefore)
    {
        if (isAppliedBefore)
        {
            Succeed("apply --skip-outbound-ports 4711");
        }

        var before = _pod.State();

        // The real nft, with one more command that the kernel refuses.
        using var programs = new ProgramFolder(_pod);
        programs.Script("nft", $"(cat; echo 'add rule inet sidecar outbound jump nowhere') | {SystemProgram.PathOf("nft")} \"$@\"");
        var result = _pod.Init("apply");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Cannot apply the rules: nft ended with exit code 1; it changed nothing.", result.Error);
        Assert.Equal(before, _pod.State());
    }

    [NamespaceTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Apply_Ip6tablesFails_Ipv4IsTakenBack(bool isAppliedBefore)
    {
        if (isAppliedBefore)
        {
            Succeed("apply --backend iptables --skip-outbound-ports 4711");
        }

        var before = _pod.State();

        using (var programs = new ProgramFolder(_pod))
        {
            programs.Script("ip6tables-restore", "cat >/dev/null; echo \"ip6tables-restore: unable to initialize table 'nat'\" >&2; exit 3");
            var result = _pod.Init("apply --backend iptables");

            Assert.Equal(1, result.ExitCode);
            Assert.Contains("--ipv6 off", result.Error);
        }

        Assert.Equal(before, _pod.State());
    }

    [NamespaceFact("xtables-legacy-multi")]
    public void ApplyAndClean_OldKernelInterface_LeaveATableThatWasThereAsItWas()
    {
        using var programs = new ProgramFolder(_pod);
        foreach (var program in new[] { "iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore" })
        {
            programs.Link(program, "xtables-legacy-multi");
        }

        _pod.Run("iptables-legacy", "-t", "nat", "-L");
        _pod.Run("ip6tables-legacy", "-t", "nat", "-L");
        var before = _pod.State();

        Succeed("apply --backend iptables");
        var once = _pod.State();
        Succeed("apply --backend iptables");
        Assert.Equal(once, _pod.State());
        Assert.Contains("SIDECAR_OUTBOUND", _pod.Saved("iptables-legacy-save"));
        Assert.Equal(0, _pod.Init("check").ExitCode);

        Succeed("clean");
        Assert.Equal(before, _pod.State());
    }

    [NamespaceTheory]
    [MemberData(nameof(Backends))]
    public void Apply_WithoutNetAdmin_Is1AndSaysWhatToAdd(string backend)
    {
        var result = _pod.Run("setpriv", "--bounding-set", "-net_admin", InitBinary.Path, "apply", "--backend", backend);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("lacks CAP_NET_ADMIN", result.Error);
        Assert.Contains("capabilities.add: [NET_ADMIN, NET_RAW]", result.Error);
    }

    [NamespaceFact]
    public void Apply_FromTheEnvironment_IsAsFromFlags()
    {
        Succeed("apply --skip-outbound-ports 25,3000-3010");
        var byFlag = _pod.State();

        _pod.Variables["SIDECAR_INIT_SKIP_OUTBOUND_PORTS"] = "25, 3000-3010";
        Succeed("apply");

        Assert.Equal(byFlag, _pod.State());
    }

    public void Dispose() => _pod.Dispose();

    private void Succeed(string line)
    {
        var result = _pod.Init(line);
        Assert.True(result.ExitCode == 0, $"{line}: {result}");
        Assert.Equal("", result.Error);
    }
}
