using Sidecar.Configuration.Routes;

namespace Sidecar.Configuration.Tests.Routes;

public sealed class PathTemplateTests
{
    [Theory]
    [InlineData("/", "")]
    [InlineData("/a", "Literal:a")]
    [InlineData("/A/b/", "Literal:a Literal:b")]
    [InlineData("/{id}", "Parameter:")]
    [InlineData("/{id?}", "Parameter:?")]
    [InlineData("/{id=5}", "Parameter:?")]
    [InlineData("/{id:int}", "Parameter::int")]
    [InlineData("/{id:int:min(1)?}", "Parameter::int:min(1)?")]
    [InlineData("/{**rest}", "CatchAll:")]
    [InlineData("/a/{*rest:regex(^[a-z/]+$)}", "Literal:a CatchAll::regex(^[a-z/]+$)")]
    [InlineData("/{id:regex(^\\d{{3}}$)}/x", "Parameter::regex(^\\d{{3}}$) Literal:x")]
    [InlineData("/v{major}.{minor}", "Complex:v{major}.{minor}")]
    [InlineData("/{{a}}", "Literal:{{a}}")]
    public void Parse_Template_IsItsSegments(string text, string segments) => Assert.Equal(
        segments,
        string.Join(' ', PathTemplate.Parse(text, out _)!.Segments.Select(segment => $"{segment.Kind}:{segment.Text}{(segment.IsOptional ? "?" : "")}")));

    [Theory]
    [InlineData("", "it does not start with '/'")]
    [InlineData("a/b", "it does not start with '/'")]
    [InlineData("//", "it has an empty segment ('//')")]
    [InlineData("/a//b", "it has an empty segment ('//')")]
    [InlineData("/{", "a '{' is not closed")]
    [InlineData("/{a", "a '{' is not closed")]
    [InlineData("/{a{b}", "a '{' is not closed")]
    [InlineData("/a}", "a '}' has no '{'")]
    [InlineData("/{}", "'{}' is no parameter")]
    [InlineData("/{***a}", "'{***a}' is no parameter")]
    [InlineData("/{a*}", "'{a*}' is no parameter")]
    [InlineData("/{a}/{A}", "parameter 'A' is there twice")]
    [InlineData("/{**a}/b", "nothing can follow a catch-all parameter")]
    [InlineData("/x{**a}", "a catch-all parameter stands alone in its segment")]
    [InlineData("/{**a?}", "catch-all parameter 'a' cannot be optional")]
    [InlineData("/a?b", "'?' is no part of a path")]
    [InlineData("/a b", "it contains a space or control character")]
    public void Parse_NoTemplate_SaysWhy(string text, string expected)
    {
        Assert.Null(PathTemplate.Parse(text, out var reason));
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData("/{**r}", "/a/b/{c}", true)]
    [InlineData("/{**r}", "/", true)]
    [InlineData("/a/{**r}", "/a", true)]
    [InlineData("/a/{**r}", "/A/b", true)]
    [InlineData("/a/{**r}", "/b", false)]
    [InlineData("/a/{id}", "/a/b", true)]
    [InlineData("/a/{id}", "/a/{x:int}", true)]
    [InlineData("/a/{id}", "/a/v{x}", true)]
    [InlineData("/a/{id}", "/a/{x?}", false)]
    [InlineData("/a/{id?}", "/a/{x}", true)]
    [InlineData("/a/{id}", "/a/{**x}", false)]
    [InlineData("/a/{id}", "/a", false)]
    [InlineData("/a", "/a/{id}", false)]
    [InlineData("/{id:int}", "/{x:int}", true)]
    [InlineData("/{id:int}", "/5", false)]
    [InlineData("/{**r:alpha}", "/a", false)]
    [InlineData("/a", "/A", true)]
    public void Covers_TwoTemplates_IsWhetherTheFirstMatchesAllOfTheSecond(string first, string second, bool covers) =>
        Assert.Equal(covers, PathTemplate.Parse(first, out _)!.Covers(PathTemplate.Parse(second, out _)!));

    [Fact]
    public void Parse_AnyText_NeverThrows()
    {
        const string Alphabet = "/{}*?:=ab\0 é";
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var text = "/" + new string([.. Enumerable.Range(0, random.Next(12)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            Assert.Equal(PathTemplate.Parse(text, out var reason) is null, reason.Length > 0);
        }
    }
}
