using FsCheck;
using FsCheck.Fluent;
using Sidecar.Contract;
using Sidecar.Init.Options;

namespace Sidecar.Init.Tests.Options;

public sealed class RedirectOptionsReaderTests
{
    [Fact]
    public void Read_Nothing_GivesTheDefaults()
    {
        var (options, problems) = Read([]);

        Assert.Empty(problems);
        Assert.Equal(new RedirectOptions(), options);
        Assert.Equal((6102u, 6102u, 15101, 15106), (options!.ProxyUid, options.ProxyGid, options.OutboundPort, options.InboundPort));
    }

    [Fact]
    public void Read_FlagAndVariable_FlagWins()
    {
        var (options, _) = Read(new() { ["--outbound-port"] = "1", ["SIDECAR_INIT_OUTBOUND_PORT"] = "2", ["SIDECAR_INIT_INBOUND_PORT"] = "3" });

        Assert.Equal((1, 3), (options!.OutboundPort, options.InboundPort));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void Read_EmptyValue_IsTheDefault(string empty)
    {
        var values = RedirectOption.All.SelectMany(static option => new[] { option.Flag, option.Variable }).ToDictionary(static name => name, _ => empty);

        Assert.Equal(new RedirectOptions(), Read(values).Options);
    }

    [Fact]
    public void Read_EveryOptionBad_ReportsEachWithItsSource()
    {
        var values = RedirectOption.All.ToDictionary(static option => option.Variable, static _ => "\u001b[31m'");

        var (options, problems) = Read(values);

        Assert.Null(options);
        Assert.Equal(RedirectOption.All.Select(static option => option.Variable).Order(), problems.Select(static problem => problem.Split(' ')[0]).Order());
        Assert.All(problems, static problem => Assert.DoesNotContain('\u001b', problem));
        Assert.Contains(problems, static problem => problem.StartsWith($"{EnvironmentVariables.SkipOutboundPorts} (annotation {Annotations.SkipOutboundPorts}) \"\\u001b[31m'\": ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("6102")]
    [InlineData("0,1000,6102")]
    public void Read_ApplicationHasTheProxysUser_IsRefusedWithTheReason(string uids)
    {
        var problem = Assert.Single(Read(new() { ["--app-uids"] = uids }).Problems);

        Assert.Contains("user 6102 is the proxy's", problem);
        Assert.Contains("bypass the proxy", problem);
        Assert.Contains("runAsUser", problem);
    }

    [Fact]
    public void Read_ApplicationHasAnotherUser_IsAccepted() => Assert.Empty(Read(new() { ["--app-uids"] = "0,1000", ["--proxy-uid"] = "6103" }).Problems);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("4294967295")]
    [InlineData("4294967296")]
    [InlineData("root")]
    [InlineData("6102 accept")]
    public void Read_BadProxyUser_IsOneProblem(string uid) => Assert.Single(Read(new() { ["--proxy-uid"] = uid, ["--app-uids"] = "0" }).Problems);

    [Fact]
    public void Read_OnePortForBothDirections_IsRefused() => Assert.Contains("tells the directions apart", Assert.Single(Read(new() { ["--inbound-port"] = "15101" }).Problems));

    [Theory]
    [InlineData("eth1", true)]
    [InlineData("net1.100", true)]
    [InlineData("abcdefghijklmno", true)]
    [InlineData("abcdefghijklmnop", false)]
    [InlineData("eth*", false)]
    [InlineData("eth+", false)]
    [InlineData("-o", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("a:b", false)]
    [InlineData("a b", false)]
    [InlineData("a\"", false)]
    [InlineData("é", false)]
    [InlineData("eth0\" } accept #", false)]
    public void Read_Interface_IsAStrictName(string name, bool isGood) => Assert.Equal(isGood ? 0 : 1, Read(new() { ["--skip-interfaces"] = name }).Problems.Count);

    [Fact]
    public void Read_LongValue_IsCutInTheMessage() => Assert.InRange(Assert.Single(Read(new() { ["--backend"] = new string('x', 10_000) }).Problems).Length, 1, 200);

    [Fact]
    public void Read_AnyValues_NeverThrows() => Prop.ForAll<string?[]>(static texts =>
    {
        var values = RedirectOption.All.Zip(texts ?? []).Where(static pair => pair.Second is not null).ToDictionary(static pair => pair.First.Flag, static pair => pair.Second!);
        var (options, problems) = Read(values);
        return options is null == problems.Count > 0;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Names_AreUniqueAndFollowOnePattern()
    {
        Assert.Equal(RedirectOption.All.Count, RedirectOption.All.Select(static option => option.Flag).Distinct().Count());
        Assert.All(RedirectOption.All, static option => Assert.Equal($"SIDECAR_INIT_{option.Flag[2..].Replace('-', '_').ToUpperInvariant()}", option.Variable));
        Assert.All(RedirectOption.All.Where(static option => option.Annotation is not null), static option => Assert.Equal(Annotations.Prefix + option.Flag[2..], option.Annotation));
    }

    internal static (RedirectOptions? Options, IReadOnlyList<string> Problems) Read(Dictionary<string, string> values) =>
        RedirectOptionsReader.Read(option => values.GetValueOrDefault(option.Flag), values.GetValueOrDefault);
}
