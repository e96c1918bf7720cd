using Sidecar.Init.Backends;
using Sidecar.Init.Options;
using Sidecar.Init.Rules;

namespace Sidecar.Init.Tests.Backends;

public sealed class IptablesBackendTests
{
    private static readonly SystemFacts Facts = new(new Version(6, 1), HasNetAdmin: true, HasIpv6: true, Uid: 0, Gid: 0);

    [Fact]
    public async Task Apply_SecondFamilyFails_FirstIsTakenBack()
    {
        var applied = "*nat\n:SIDECAR_OUTBOUND - [0:0]\n:SIDECAR_INBOUND - [0:0]\n-A OUTPUT -p tcp -j SIDECAR_OUTBOUND\nCOMMIT\n";
        var programs = new ScriptedPrograms()
            .Answers("iptables-save", 0, "*nat\nCOMMIT\n")
            .Answers("iptables-save", 0, applied)
            .Answers("ip6tables-restore", 2, error: "ip6tables-restore: unable to initialize table 'nat'");

        var outcome = await new IptablesBackend(programs, Facts).ApplyAsync(RedirectRules.Of(new RedirectOptions()));

        Assert.False(outcome.IsSuccess);
        Assert.Contains("--ipv6 off", outcome.Message);
        var (_, _, input) = programs.Runs.Last(static run => run.Program == "iptables-restore");
        Assert.Equal(NatTable.Transition(NatTable.Parse(applied).Entries, IptablesEntries.None), input);
    }

    [Fact]
    public async Task Apply_SecondFamilyFailsOverAnEarlierRun_EarlierRulesAreBack()
    {
        const string Before = "*nat\n:SIDECAR_OUTBOUND - [0:0]\n-A OUTPUT -p tcp -j SIDECAR_OUTBOUND\n-A SIDECAR_OUTBOUND -p tcp -j RETURN\nCOMMIT\n";
        var programs = new ScriptedPrograms()
            .Answers("iptables-save", 0, Before)
            .Answers("ip6tables-save", 1, error: "boom");

        var outcome = await new IptablesBackend(programs, Facts).ApplyAsync(RedirectRules.Of(new RedirectOptions()));

        Assert.False(outcome.IsSuccess);
        Assert.Contains(":SIDECAR_OUTBOUND - [0:0]\n", programs.Runs[^1].Input);
        Assert.Contains("-A SIDECAR_OUTBOUND -p tcp -j RETURN\n", programs.Runs[^1].Input);
    }

    [Fact]
    public async Task Apply_FirstCannotBeTakenBack_SaysSo()
    {
        var programs = new ScriptedPrograms()
            .Answers("iptables-save", 0)
            .Answers("ip6tables-restore", 2, error: "first")
            .Answers("iptables-save", 1, error: "second");

        var outcome = await new IptablesBackend(programs, Facts).ApplyAsync(RedirectRules.Of(new RedirectOptions()));

        Assert.Contains("first", outcome.Message);
        Assert.Contains("second", outcome.Message);
        Assert.Contains("sidecar-init clean", outcome.Message);
    }

    [Fact]
    public async Task Apply_KernelWithoutIpv6_NeverCallsIp6tables()
    {
        var programs = new ScriptedPrograms();

        var outcome = await new IptablesBackend(programs, Facts with { HasIpv6 = false }).ApplyAsync(RedirectRules.Of(new RedirectOptions()));

        Assert.True(outcome.IsSuccess);
        Assert.DoesNotContain(programs.Runs, static run => run.Program.StartsWith("ip6", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Apply_Ipv6OffAndIp6tablesDoesNotWork_Succeeds()
    {
        var programs = new ScriptedPrograms().Answers("ip6tables-save", 1, error: "no");

        var outcome = await new IptablesBackend(programs, Facts).ApplyAsync(RedirectRules.Of(new RedirectOptions { IsIpv6Redirected = false }));

        Assert.True(outcome.IsSuccess);
    }

    [Fact]
    public async Task Clean_NothingThere_ChangesNothing()
    {
        var programs = new ScriptedPrograms();

        var outcome = await new IptablesBackend(programs, Facts).CleanAsync();

        Assert.True(outcome.IsSuccess);
        Assert.All(programs.Runs, static run => Assert.EndsWith("-save", run.Program));
    }

    [Fact]
    public async Task Clean_OneFamilyFails_OtherIsCleanedAndTheFailureReported()
    {
        var programs = new ScriptedPrograms()
            .Answers("iptables-save", 1, error: "no")
            .Answers("ip6tables-save", 0, "*nat\n:SIDECAR_OUTBOUND - [0:0]\nCOMMIT\n");

        var outcome = await new IptablesBackend(programs, Facts).CleanAsync();

        Assert.False(outcome.IsSuccess);
        Assert.Contains(programs.Runs, static run => run.Program == "ip6tables-restore");
    }
}
