using System.Text;
using FsCheck;
using FsCheck.Fluent;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests;

/// <summary>Whatever a file says, reading it returns findings and throws nothing.</summary>
public sealed class MalformedDocumentTests
{
    private static readonly string[] Corpus =
    [
        .. Examples.All,
        .. Examples.All.Select(text => Load(text).MergedDocument!),
        .. Enumerable.Range(0, 8).Select(seed => EffectiveDocument.Write(ConfigurationGenerator.Generate(seed))),
        GoldenFile.Read("mistakes.yaml"),
    ];

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ":", ",", "\"", "'", "\\", "\n", "\r", "\t", " ", "#", "&a ", "*a ", "!!str ", "!", "|\n", ">\n", "%YAML 1.1\n", "---\n", "...\n", "? ", "- ",
        "~", "null", "off", "on", "1e999", "-0", "0x", "NaN", "\0", "\uFEFF", "\uD800", "\uDC00", "😀", "\u0085", "\u2028", "\\ud800", "\\u0000", "\\x", "<<: ", "default", "base: ",
        "999999999999999999999999h", "1s1s", "{**", "}}", "{{", "/", "*.", "[::1]:0", "policies: {default: {base: default}}", "retry: ",
    ];

    [Fact]
    public void Load_MutatedDocument_NeverThrows() => Prop.ForAll(
        ConfigurationGenerator.Seeds,
        seed =>
        {
            var random = new Random(seed);
            var text = Corpus[random.Next(Corpus.Length)];
            for (var i = random.Next(1, 5); i > 0; i--)
            {
                text = Mutate(text, random);
            }

            AssertFindings(text);
            AssertSetFindings(text[..Math.Min(text.Length, random.Next(200))]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(800));

    [Fact]
    public void Load_EveryTruncation_NeverThrows()
    {
        foreach (var text in new[] { Examples.Smallest, Load(Examples.Smallest).MergedDocument! })
        {
            for (var length = 0; length <= text.Length; length++)
            {
                AssertFindings(text[..length]);
            }
        }
    }

    [Fact]
    public void Load_RandomTree_NeverThrows() => Prop.ForAll(
        ConfigurationGenerator.Seeds,
        seed =>
        {
            var random = new Random(seed);
            var json = new StringBuilder();
            AppendTree(json, random, 0);
            AssertFindings(json.ToString());
            AssertFindings("version: 1\nroutes: " + json);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Load_ArbitraryStrings_NeverThrow() =>
        Prop.ForAll<string>(text => AssertFindings(text ?? "")).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    /// <summary>Either a configuration that prints and reads back, or at least one error.</summary>
    private static void AssertFindings(string text)
    {
        var result = Load(text);
        Assert.Equal(result.Errors.Count == 0, result.Configuration is not null);
        Assert.All(result.Errors.Concat(result.Warnings), problem => Assert.DoesNotContain(problem.ToString(), char.IsControl));
        if (result.Configuration is not null)
        {
            var effective = EffectiveDocument.Write(result.Configuration);
            Assert.Equal(effective, EffectiveDocument.Write(Valid(effective)));
            Assert.Equal(effective, EffectiveDocument.Write(Valid(result.MergedDocument!)));
        }
    }

    private static void AssertSetFindings(string set)
    {
        var result = ConfigurationLoader.Load([], [new ConfigurationOverride(set), new ConfigurationOverride("/routes=" + set)], ConfigurationEnvironment.Default);
        Assert.Equal(result.Errors.Count == 0, result.Configuration is not null);
    }

    private static string Mutate(string text, Random random)
    {
        var at = random.Next(text.Length + 1);
        switch (random.Next(6))
        {
            case 0:
                return text[..at];
            case 1:
                return text.Insert(at, Fragments[random.Next(Fragments.Length)]);
            case 2:
                return text.Remove(at, Math.Min(random.Next(40), text.Length - at));
            case 3:
                var other = Corpus[random.Next(Corpus.Length)];
                var from = random.Next(other.Length);
                return text.Insert(at, other.Substring(from, Math.Min(random.Next(200), other.Length - from)));
            case 4:
                var lines = text.Split('\n');
                random.Shuffle(lines);
                return string.Join('\n', lines);
            default:
                var bytes = Encoding.UTF8.GetBytes(text);
                for (var i = random.Next(1, 6); i > 0 && bytes.Length > 0; i--)
                {
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                }

                return Encoding.UTF8.GetString(bytes);
        }
    }

    private static void AppendTree(StringBuilder json, Random random, int depth)
    {
        string[] keys = ["version", "listeners", "limits", "telemetry", "routes", "policies", "clusters", "default", "api", "match", "cluster", "policy", "retry", "retryOn", "circuitBreaker", "timeouts", "destinations", "a", "address", "dns", "base", "headers", "transforms", "tls", "healthCheck", "active", "order"];
        string[] scalars = ["1", "-1", "1e400", "0.5", "true", "false", "null", "\"off\"", "\"api\"", "\"default\"", "\"5s\"", "\"http://x\"", "\"/{**r}\"", "\"\"", "\"\\u0000\""];
        switch (depth < 6 ? random.Next(4) : 3)
        {
            case 0 or 1:
                json.Append('{');
                var chosen = keys.Where(_ => random.Next(5) == 0).ToList();
                for (var i = 0; i < chosen.Count; i++)
                {
                    json.Append(i > 0 ? "," : "").Append('"').Append(chosen[i]).Append("\":");
                    AppendTree(json, random, depth + 1);
                }

                json.Append('}');
                break;
            case 2:
                json.Append('[');
                for (var i = random.Next(3); i > 0; i--)
                {
                    AppendTree(json, random, depth + 1);
                    json.Append(i > 1 ? "," : "");
                }

                json.Append(']');
                break;
            default:
                json.Append(scalars[random.Next(scalars.Length)]);
                break;
        }
    }
}
