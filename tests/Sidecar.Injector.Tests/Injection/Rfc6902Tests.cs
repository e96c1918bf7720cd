using System.Text;
using System.Text.Json.Nodes;

namespace Sidecar.Injector.Tests.Injection;

// The referee itself: examples of RFC 6902, appendix A.
public sealed class Rfc6902Tests
{
    [Theory]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"baz":"qux"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo"}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc"]}]""", """{"foo":["bar",["abc"]]}""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"replace","path":"/~01","value":1}]""", """{"/":9,"~1":1}""")]
    public void Apply_ExampleOfTheRfc_GivesItsResult(string document, string patch, string expected) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), Rfc6902.Apply(JsonNode.Parse(document)!, Encoding.UTF8.GetBytes(patch))));

    [Theory]
    [InlineData("""[{"op":"add","path":"/a/b","value":1}]""")]
    [InlineData("""[{"op":"remove","path":"/nothing"}]""")]
    [InlineData("""[{"op":"add","path":"/list/7","value":1}]""")]
    public void Apply_PathThatIsNotThere_Throws(string patch) =>
        Assert.Throws<InvalidOperationException>(() => Rfc6902.Apply(JsonNode.Parse("""{"list":[]}""")!, Encoding.UTF8.GetBytes(patch)));
}
