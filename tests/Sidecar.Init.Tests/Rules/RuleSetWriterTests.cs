using System.Net.Sockets;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Init.Options;
using Sidecar.Init.Rules;
using Sidecar.Init.Tests.Options;

namespace Sidecar.Init.Tests.Rules;

public sealed partial class RuleSetWriterTests
{
    // Good values, and what would end a value, a set, a rule, a comment or a line.
    private static readonly Gen<string> HostileValue = Gen.Elements(
        "25", "3000-3010", "1-65535", "10.0.0.0/8", "fd00::/8", "192.0.2.1", "eth1", "on", "off", "skip", "redirect", "nft", "iptables",
        ",", ", ", "-", "/", ":", ".", "\n", "\r", "\0", " ", "\"", "'", "\\", "{", "}", ";", "#", "$", "`", "@", "*", "+", "!", "%eth0", "accept", "COMMIT", "-j ACCEPT", "*filter", "é", "٣", "\uD800")
        .ArrayOf().Select(static parts => string.Concat(parts.Take(4)));

    public static TheoryData<string> Cases => GoldenCases.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Text_OfEachOptionSet_IsTheGoldenFile(string name) =>
        Assert.All(GoldenCases.Texts(name), text => GoldenCases.Verify(name, text.File, text.Text));

    [Theory]
    [MemberData(nameof(Cases))]
    public void NftText_HasACommentOnEachRule(string name) => Assert.All(
        RuleSetWriter.Nft(GoldenCases.Rules(name)).Split('\n').Where(static line => line.StartsWith("\t\t", StringComparison.Ordinal) && !line.StartsWith("\t\ttype ", StringComparison.Ordinal)),
        static line => Assert.Matches(" comment \"[^\"]+\"$", line));

    [Theory]
    [MemberData(nameof(Cases))]
    public void IptablesText_HasACommentOnEachRule(string name) => Assert.All(
        GoldenCases.Texts(name).Skip(1).SelectMany(static text => text.Text.Split('\n')).Where(static line => line.StartsWith("-A ", StringComparison.Ordinal)),
        static line => Assert.Matches(" -m comment --comment \"[^\"]+\" -j ", line));

    [Fact]
    public void Text_OfHostileValues_IsRefusedOrHasOnlyLinesOfTheKnownForms() => Prop.ForAll(
        (from option in Gen.Elements(RedirectOption.All.ToArray()) from value in HostileValue select (option.Flag, value)).ToArbitrary(),
        static pair =>
        {
            var (options, problems) = RedirectOptionsReaderTests.Read(new() { [pair.Flag] = pair.value });
            if (options is null)
            {
                return problems.Count > 0;
            }

            var rules = RedirectRules.Of(options);
            return RuleSetWriter.Nft(rules).Split('\n').All(static line => NftLine().IsMatch(line))
                && RuleSetWriter.Iptables(rules, AddressFamily.InterNetwork).Split('\n').All(static line => IptablesLine().IsMatch(line))
                && RuleSetWriter.Iptables(rules, AddressFamily.InterNetworkV6).Split('\n').All(static line => IptablesLine().IsMatch(line));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [GeneratedRegex("""^(|# Made by .*|(add|delete) table inet sidecar|table inet sidecar \{|\tchain (out|in)bound \{|\t\ttype nat hook (output|prerouting) priority -100; policy accept;|\t?\}|\t\t([a-z0-9 !=]* )?(\{ ("?[A-Za-z0-9_.:/-]+"?(, )?)+ \} )?(meta l4proto tcp redirect to :[0-9]+|return) comment "[A-Za-z0-9 ]+")\z""")]
    private static partial Regex NftLine();

    [GeneratedRegex("""^(|# Made by .*|\*nat|COMMIT|:SIDECAR_[A-Z]+ - \[0:0\]|-A [A-Z_]+ -p tcp( -m owner --uid-owner [0-9]+ --gid-owner [0-9]+| -m addrtype --dst-type LOCAL| -[oi] [A-Za-z0-9_.-]{1,15}| -d [0-9a-f.:]+/[0-9]+| -m tcp --dport [0-9]+(:[0-9]+)?)? -m comment --comment "[A-Za-z0-9: ]+" -j (RETURN|REDIRECT --to-ports [0-9]+|SIDECAR_(OUT|IN)BOUND))\z""")]
    private static partial Regex IptablesLine();
}
