using System.Text;
using System.Text.Json;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Tests.Injection;

public sealed class StrictJsonTests
{
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("\"\\ud800\"")]
    [InlineData("1e999")]
    [InlineData("nul")]
    [InlineData("{\"a\":1,}")]
    public void Parse_NotJson_ThrowsOneKindOfException(string text) => Assert.ThrowsAny<JsonException>(() => StrictJson.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Parse_InvalidUtf8_Throws() => Assert.ThrowsAny<JsonException>(() => StrictJson.Parse("\"\u00ff\""u8.ToArray().Select(static value => value == 0xc3 ? (byte)0xff : value).ToArray()));

    [Fact]
    public void Parse_TooDeep_Throws() => Assert.ThrowsAny<JsonException>(() => StrictJson.Parse(Encoding.UTF8.GetBytes(new string('[', 65) + new string(']', 65))));

    [Fact]
    public void Write_DollarSigns_AreEscapedAndReadBack()
    {
        var node = StrictJson.Parse("""{"a":"$(B) $$ \\$ é <>'","n":[1,2.5,true,null]}""")!;

        var text = PlainJson.Write(node);

        Assert.DoesNotContain('$', text);
        Assert.Equal("$(B) $$ \\$ é <>'", PodView.Text(StrictJson.Parse(text)!["a"]));
    }
}
