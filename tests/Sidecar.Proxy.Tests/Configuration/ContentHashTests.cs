using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Tests.Configuration;

public class ContentHashTests
{
    // Of the reference: the bytes are those of UTF-16, so each character of ASCII is followed by a zero.
    [Theory]
    [InlineData("", "cbf29ce484222325")]
    [InlineData("a", "089be207b544f1e4")]
    public void Hash_KnownText_IsThatOfTheReference(string text, string expected) => Assert.Equal(expected, Hash(text));

    [Fact]
    public void Hash_InParts_IsThatOfTheWhole()
    {
        var hash = default(ContentHash);
        hash.Add("version: ");
        hash.Add("1");

        Assert.Equal(Hash("version: 1"), hash.ToString());
    }

    [Fact]
    public void Hash_AnyOneCharacterChanged_Differs()
    {
        const string Text = "retry: { maxRetries: 2 }";
        var seen = new HashSet<string> { Hash(Text) };
        for (var position = 0; position < Text.Length; position++)
        {
            foreach (var other in "0z€\u0100\uffff")
            {
                Assert.True(seen.Add(Hash(string.Concat(Text.AsSpan(0, position), [other], Text.AsSpan(position + 1)))));
            }
        }
    }

    private static string Hash(string text)
    {
        var hash = default(ContentHash);
        hash.Add(text);
        return hash.ToString();
    }
}
