using Sidecar.Configuration.Documents;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests.Documents;

public sealed class ReaderTests
{
    [Theory]
    [InlineData("", "Null")]
    [InlineData("~", "Null")]
    [InlineData("Null", "Null")]
    [InlineData("true", "True")]
    [InlineData("off", "False")]
    [InlineData("false", "False")]
    [InlineData("0", "Number")]
    [InlineData("-12.5e3", "Number")]
    [InlineData("5xx", "String")]
    [InlineData("1h", "String")]
    [InlineData("1.2.3", "String")]
    [InlineData("10.0.0.7", "String")]
    [InlineData("127.0.0.1:8080", "String")]
    [InlineData("http://x:80", "String")]
    [InlineData("-", "String")]
    [InlineData(".", "String")]
    [InlineData("0x", "String")]
    [InlineData("1:60", "String")]
    [InlineData("2024-01", "String")]
    [InlineData("truE", "String")]
    [InlineData("yes", "Retyped true")]
    [InlineData("On", "Retyped true")]
    [InlineData("y", "Retyped true")]
    [InlineData("TRUE", "Retyped true")]
    [InlineData("no", "Retyped false")]
    [InlineData("OFF", "Retyped false")]
    [InlineData("N", "Retyped false")]
    [InlineData("010", "Retyped an octal number")]
    [InlineData("0o10", "Retyped an octal number")]
    [InlineData("0x1F", "Retyped a hexadecimal number")]
    [InlineData("0b1_0", "Retyped a binary number")]
    [InlineData("1:30", "Retyped a base-60 number")]
    [InlineData("190:20:30", "Retyped a base-60 number")]
    [InlineData("+5", "Retyped a number")]
    [InlineData(".5", "Retyped a number")]
    [InlineData("5.", "Retyped a number")]
    [InlineData("089", "Retyped a number")]
    [InlineData("1_000", "Retyped a number")]
    [InlineData("-.inf", "Retyped a number")]
    [InlineData(".NaN", "Retyped a number")]
    [InlineData("2024-01-31", "Retyped a date")]
    [InlineData("2024-1-3T10:00:00Z", "Retyped a date")]
    [InlineData("<<", "Retyped a merge key")]
    [InlineData("=", "Retyped a default value")]
    public void Classify_PlainWord_IsWhatEveryReaderTakesItFor(string text, string expected)
    {
        var (kind, retypedAs) = PlainScalar.Classify(text);

        Assert.Equal(expected, $"{kind} {retypedAs}".TrimEnd());
    }

    [Theory]
    [InlineData("a: &x 1", "anchor '&x' is not supported")]
    [InlineData("a: *x", "alias '*x' is not supported")]
    [InlineData("a: !!str 1", "tag 'tag:yaml.org,2002:str' is not supported")]
    [InlineData("a: !secret 1", "tag '!secret' is not supported")]
    [InlineData("<<: { a: 1 }", "key '<<' is read as a merge key")]
    [InlineData("on: 1", "key 'on' is read as true by YAML 1.1 readers such as Helm: quote it as \"on\"")]
    [InlineData("true: 1", "key 'true' is read as true")]
    [InlineData("off: 1", "key 'off' is read as false")]
    [InlineData("010: 1", "key '010' is read as an octal number")]
    [InlineData("1.5: 1", "key '1.5' is read as a number")]
    [InlineData("~: 1", "a key is null")]
    [InlineData("? [a, b]\n: 1", "a key must be a plain word")]
    [InlineData("---\nversion: 1", "a second YAML document begins here")]
    [InlineData("a: [1", "not valid YAML at column")]
    [InlineData("\ta: 1", "not valid YAML at column")]
    [InlineData("a: 1\n a: 2", "not valid YAML at column")]
    [InlineData(" : f", "not valid YAML at column")]
    [InlineData(":\n :", "not valid YAML at column")]
    [InlineData("a: \"\\ud800\"", "not valid YAML at column")]
    [InlineData("version: 1", "key 'version' is written twice, first in line 1: remove one")]
    public void Load_YamlThatReadersDisagreeOn_IsAnError(string line, string message) =>
        Assert.Contains(Errors("version: 1\n" + line), error => error.Contains(message, StringComparison.Ordinal));

    [Theory]
    [InlineData("""{"version":1,}""", "not valid JSON at byte")]
    [InlineData("""{"version":1} x""", "not valid JSON at byte")]
    [InlineData("""{"version":1""", "not valid JSON at byte")]
    [InlineData("""{"version":1 /* c */}""", "not valid JSON at byte")]
    [InlineData("""{version: 1}""", "not valid JSON at byte")]
    [InlineData("""{"version":01}""", "not valid JSON at byte")]
    [InlineData("""{"version":NaN}""", "not valid JSON at byte")]
    [InlineData("""{"version":1,"version":1}""", "key 'version' is written twice")]
    [InlineData("""{"version":null}""", "has no value")]
    [InlineData("""{"version":1,"a\ud800":1}""", "half of a surrogate pair")]
    [InlineData("""{"version":1,"\u0076ersion":1}""", "key 'version' is written twice")]
    public void Load_JsonThatIsNotStrict_IsAnError(string text, string message) =>
        Assert.Contains(Errors(text), error => error.Contains(message, StringComparison.Ordinal));

    [Theory]
    [InlineData("")]
    [InlineData("  \n")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    [InlineData("\uFEFF")]
    [InlineData("~")]
    public void Load_EmptyText_IsAnErrorAndNeverNoRoutes(string text) => Assert.Contains("is empty", Error(text, "retry.maxRetries=2"));

    [Theory]
    [InlineData("- version: 1", "the document is a list")]
    [InlineData("version", "the document is the string 'version'")]
    [InlineData("version: 1\0routes: {}", "contains a NUL character")]
    public void Load_TextThatIsNoObject_IsAnError(string text, string message) => Assert.Contains(message, Error(text));

    [Fact]
    public void Load_ByteOrderMark_IsSkipped()
    {
        Valid("\uFEFFversion: 1");
        Valid("\uFEFF{\"version\": 1}");
    }

    [Fact]
    public void Load_MoreThanAMebibyte_IsAnError() =>
        Assert.Contains("is 1048577 bytes long; at most 1048576 (1MiB) are read", Error("version: 1 #" + new string('ä', (DocumentReader.MaxBytes - 12) / 2) + "x"));

    [Theory]
    [InlineData("{\"version\":1,\"a\":", "[", "]", "}")]
    [InlineData("version: 1\na: ", "[", "]", "")]
    [InlineData("version: 1\na: ", "{a: ", "}", "")]
    public void Load_NestedTooDeep_IsAnErrorWithoutStackOrTimeSpent(string head, string open, string close, string tail)
    {
        var depth = 60_000;
        var text = head + string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth)) + tail;

        Assert.Contains("not valid", Error(text));
    }

    [Fact]
    public void Load_NestedToTheLimit_IsParsed() =>
        Assert.Contains("unknown key 'a'", Error("version: 1\na: " + new string('[', 31) + new string(']', 31)));

    [Theory]
    [InlineData("version: 1\n\nlimits:\n  connections: auto\n  headerCount: x\n", "test.yaml:5: limits.headerCount: ")]
    [InlineData("{\"version\": 1,\n\"limits\":\n {\"connections\": \"auto\",\n  \"headerCount\": \"x\"}}", "test.yaml:4: limits.headerCount: ")]
    [InlineData("version: 1\r\nlimits:\r\n  headerCount:\r\n    x\r\n", "test.yaml:3: limits.headerCount: ")]
    [InlineData("version: 1\ntelemetry: { accessLog: { requestHeaders: [a,\n b c] } }", "test.yaml:3: telemetry.accessLog.requestHeaders[1]: ")]
    [InlineData("version: 1\nroutes: { \"a b\": {match: {}, cluster: c} }\nclusters: {c: {dns: {name: x, port: 1}}}", "test.yaml:2: routes['a b']: ")]
    public void Load_Mistake_IsAtItsLineAndPath(string text, string expected) => Assert.StartsWith(expected, Error(text));

    [Fact]
    public void Read_Positions_AreTheSameInBothLanguages()
    {
        var yaml = (ObjectNode)YamlReader.Read("f", "a: 1\nbb:\n  c: x\n", NodePath.Root, hasLines: true, new ProblemList())!;
        var json = (ObjectNode)JsonReader.Read("f", "{\"a\": 1,\n \"bb\":\n {\"c\": \"x\"}}", new ProblemList())!;

        Assert.Equal([(1, 1), (2, 1), (3, 3)], Positions(yaml));
        Assert.Equal([(1, 2), (2, 2), (3, 3)], Positions(json));
    }

    [Fact]
    public void Load_YamlAndItsJson_MeanTheSame()
    {
        foreach (var text in Examples.All)
        {
            var yaml = Load(text);
            var json = Load(yaml.MergedDocument!);

            Assert.Empty(json.Errors);
            Assert.Equal(yaml.MergedDocument, json.MergedDocument);
            Assert.Equal(EffectiveDocument.Write(yaml.Configuration!), EffectiveDocument.Write(json.Configuration!));
        }
    }

    [Fact]
    public void MergedDocument_OrderAndSpelling_DoNotChangeIt() => Assert.Equal(
        Load("version: 1\nlimits: { requestBody: off, headerCount: 5 }\nlisteners: { admin: off }").MergedDocument,
        Load("{\"listeners\": {\"admin\": false}, \"limits\": {\"headerCount\": 5, \"requestBody\": false}, \"version\": 1}").MergedDocument);

    private static IEnumerable<(int, int)> Positions(ObjectNode root)
    {
        var nodes = root.Members.Values.Concat(root.Members.Values.OfType<ObjectNode>().SelectMany(node => node.Members.Values));
        return nodes.Select(node => (node.Position.Line, node.Position.Column));
    }
}
