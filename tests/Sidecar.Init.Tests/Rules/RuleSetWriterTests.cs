using Sidecar.Init.Rules;

namespace Sidecar.Init.Tests.Rules;

public sealed class RuleSetWriterTests
{
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
}
