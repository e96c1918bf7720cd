using Sidecar.Init.Backends;
using Sidecar.Init.Commands;
using Sidecar.Init.Options;
using Sidecar.Init.Rules;
using Sidecar.Init.Tests.Backends;

namespace Sidecar.Init.Tests.Commands;

public sealed class InitCommandLineTests
{
    private readonly ScriptedPrograms _programs = new();
    private readonly Dictionary<string, string> _variables = [];

    [Fact]
    public async Task Print_Defaults_PrintsTheRulesAndRunsNothing()
    {
        var (code, output, error) = await RunAsync("print");

        Assert.Equal((0, ""), (code, error));
        Assert.EndsWith(GoldenCases.Read("defaults", "rules.nft"), output, StringComparison.Ordinal);
        Assert.Empty(_programs.Runs);
    }

    [Fact]
    public async Task Version_NamesTheRuntimeInside()
    {
        var (code, output, error) = await RunAsync("--version");

        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"^sidecar-init \d+\.\d+\.\d+\s", output);
        Assert.Matches(@"\nruntime    \.NET \d+\.\d+\.\d+", output);
    }

    [Fact]
    public async Task Print_Iptables_PrintsBothFamilies()
    {
        var (code, output, _) = await RunAsync("print", "--backend", "iptables");

        Assert.Equal(0, code);
        Assert.Contains(GoldenCases.Read("defaults", "rules.v4"), output);
        Assert.EndsWith(GoldenCases.Read("defaults", "rules.v6"), output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_Nft_IsOneTransaction()
    {
        var (code, output, _) = await RunAsync("apply");

        Assert.Equal(0, code);
        Assert.Contains("outbound TCP goes to port 15101, inbound TCP to port 15106", output);
        Assert.Equal(("nft", "-f -", GoldenCases.Read("defaults", "rules.nft")), Assert.Single(_programs.Runs));
    }

    [Fact]
    public async Task Apply_DryRun_OnlyChecks()
    {
        await RunAsync("apply", "--dry-run");

        Assert.Equal("-c -f -", Assert.Single(_programs.Runs).Arguments);
    }

    [Fact]
    public async Task Apply_ProgramFails_Is1WithTheReason()
    {
        _programs.Missing.Add("nft");

        var (code, _, error) = await RunAsync("apply");

        Assert.Equal(1, code);
        Assert.Contains("use --backend iptables", error);
    }

    [Fact]
    public async Task Apply_BadValuesFromEverywhere_Is64WithAllOfThemAndNothingIsRun()
    {
        _variables["SIDECAR_INIT_SKIP_OUTBOUND_CIDRS"] = "10.0.0.1/8,x";

        var (code, _, error) = await RunAsync("apply", "--skip-outbound-ports", "0,99999", "--backend", "ipvs", "--app-uids", "6102");

        Assert.Equal(64, code);
        Assert.Equal(7, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.EndsWith("Try: sidecar-init apply --help\n", error, StringComparison.Ordinal);
        Assert.Empty(_programs.Runs);
    }

    [Fact]
    public async Task Apply_UnknownFlagAndBadValue_BothAreReported()
    {
        var (code, _, error) = await RunAsync("apply", "--backend", "ipvs", "--nope");

        Assert.Equal(64, code);
        Assert.Contains("--nope", error);
        Assert.Contains("ipvs", error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("aply")]
    [InlineData("apply --backend")]
    [InlineData("apply --outbound-port 1 --outbound-port 2")]
    [InlineData("clean --backend nft")]
    [InlineData("apply extra")]
    public async Task BadUsage_Is64(string line) => Assert.Equal(64, (await RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Code);

    [Fact]
    public async Task Clean_BothBackends_EvenIfOneFails()
    {
        _programs.Answers("nft", 1, error: "no");

        var (code, output, error) = await RunAsync("clean");

        Assert.Equal(1, code);
        Assert.Contains("Cannot remove the rules: nft", error);
        Assert.Contains("nothing of ours is left in the table nat", output);
    }

    [Fact]
    public async Task Clean_OneProgramMissing_CleansTheOther()
    {
        _programs.Missing.Add("nft");

        Assert.Equal(0, (await RunAsync("clean")).Code);
        Assert.All(_programs.Runs, static run => Assert.EndsWith("-save", run.Program));
    }

    [Fact]
    public async Task Clean_NoProgramAtAll_Is1()
    {
        _programs.Missing.UnionWith(["nft", "iptables-save"]);

        Assert.Equal(1, (await RunAsync("clean")).Code);
    }

    [Theory]
    [InlineData("apply")]
    [InlineData("print")]
    [InlineData("check")]
    public async Task Help_NamesEachOptionItsVariableAndItsAnnotation(string command)
    {
        var (code, output, _) = await RunAsync(command, "--help");
        var text = string.Join(' ', output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(0, code);
        Assert.All(RedirectOption.All, option =>
        {
            Assert.Contains(option.Flag, text);
            Assert.Contains(option.Variable, text);
            Assert.Contains(option.Annotation ?? "", text);
        });
        Assert.Contains("Exit codes: 0 done, 1 failed at run time, 64 bad usage.", text);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Print_OfEachOptionSet_IsTheGoldenFile(string name)
    {
        var (code, output, _) = await RunAsync(["print", .. GoldenCases.Arguments(name)]);

        Assert.Equal((0, $"# nft -f -\n{GoldenCases.Read(name, "rules.nft")}"), (code, output));
    }

    public static TheoryData<string> Cases => GoldenCases.Names;

    [Fact]
    public void Table_IsNamedAsTheAdviceOfCheckSays() => Assert.Equal("sidecar", RuleSetWriter.NftTable);

    [Fact]
    public void Executable_ReferencesOnlyTheContractTheCommandLineAndTheRuntime() => Assert.All(
        typeof(InitCommandLine).Assembly.GetReferencedAssemblies(),
        static name => Assert.True(name.Name == "Sidecar.Contract" || name.Name!.StartsWith("System.", StringComparison.Ordinal) || name.Name == "Microsoft.Win32.Primitives", name.Name));

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var facts = new SystemFacts(new Version(6, 1), HasNetAdmin: true, HasIpv6: true, Uid: 0, Gid: 0);
        var environment = new CommandEnvironment(output, error, _variables.GetValueOrDefault, _programs, () => facts, TimeProvider.System);
        var code = await InitCommandLine.RunAsync(arguments, environment);
        return (code, output.ToString(), error.ToString());
    }
}
