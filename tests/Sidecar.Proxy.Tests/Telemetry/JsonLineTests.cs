using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class JsonLineTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    public static TheoryData<string> HostileTexts => new(
        "a\r\nb", "\u001b[2J\u001b]0;x\u0007", "a\0b", "\u2028x\u2029", "\ud800", "x\udc00y", "\"}\n{\"level\":\"error\"", "\\", "\\u0000", "\u009b31m",
        "\u202eabc\u2066", "\ufeff", "\u007f", "😀", "é", new string('x', 1_000_000), new string('\u0001', 5_000), "");

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public void Format_HostileText_IsOneLineOfJsonThatHoldsIt(string text)
    {
        var line = Format([("first", text), ("second", 2)]);

        using var json = JsonDocument.Parse(line);
        Assert.Equal(2, json.RootElement.GetProperty("second").GetInt32());
        if (text.Length is > 0 and <= JsonLine.MaxTextLength)
        {
            Assert.Equal(Valid(text), json.RootElement.GetProperty("first").GetString());
        }
    }

    [Fact]
    public void Format_AnyTexts_IsOneLineOfJsonThatHoldsThem()
    {
        var characters = Gen.Frequency(
            (4, Gen.Choose(32, 126)), (2, Gen.Choose(0, 31)), (1, Gen.Choose(127, 160)), (1, Gen.Choose(0x2020, 0x2070)), (1, Gen.Choose(0xd7f0, 0xe010)),
            (1, Gen.Choose(0, 0xffff)));
        var texts = Gen.ArrayOf(Gen.ArrayOf(characters).Select(static codes => string.Concat(codes.Select(static code => (char)code))), 3);
        Prop.ForAll(texts.ToArbitrary(), three =>
        {
            var line = Format([("a", three[0]), ("b", three[1]), ("c", three[2])]);

            using var json = JsonDocument.Parse(line);
            Assert.Equal(
                three.Select(Valid),
                new[] { "a", "b", "c" }.Select(name => json.RootElement.TryGetProperty(name, out var value) ? value.GetString()! : ""));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Format_MoreThanFits_LeavesFieldsOutAndSaysSo()
    {
        var fields = Enumerable.Range(0, 60).Select(static i => (LogField)($"field{i}", new string('\u0002', 900))).ToArray();

        using var json = JsonDocument.Parse(Format(fields));

        Assert.True(json.RootElement.GetProperty("truncated").GetBoolean());
        Assert.Equal(900, json.RootElement.GetProperty("field0").GetString()!.Length);
    }

    [Fact]
    public void Format_EveryKind_HasItsSchema() =>
        Assert.Equal(
            """{"ts":"2026-01-02T03:04:05.678Z","level":"warn","event":"started","text":"a/b","number":-3,"real":0.5,"yes":true,"tookMs":1500.042,"nan":null}""",
            Format([("text", "a/b"), ("absent", (string?)null), ("number", -3), ("real", 0.5), ("yes", true),
                ("tookMs", TimeSpan.FromMicroseconds(1_500_042)), ("nan", double.NaN)]));

    private static string Format(ReadOnlySpan<LogField> fields)
    {
        var buffer = new byte[JsonLine.MaxLength];
        var length = JsonLine.Format(buffer, Now, LogEvents.Started, LogSeverity.Warn, fields);
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, length);
        Assert.Equal('\n', text[^1]);
        var line = text[..^1];
        Assert.DoesNotContain(line, static character => char.IsControl(character) || character is '\u2028' or '\u2029' or '\u202e');
        return line;
    }

    // Half surrogates become U+FFFD.
    private static string Valid(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
