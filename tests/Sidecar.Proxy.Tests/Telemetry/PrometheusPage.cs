using System.Buffers;
using System.Globalization;
using System.Text;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

/// <summary>One sample of a page.</summary>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    public string Label(string name) => Labels.GetValueOrDefault(name, "");
}

/// <summary>
/// A strict reader of Prometheus' text format 0.0.4: every family has HELP and TYPE once and in front of its samples, families
/// do not interleave, no series occurs twice, histograms are complete and cumulative. Anything else fails the test.
/// </summary>
internal sealed class PrometheusPage
{
    private const string FirstNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";

    private readonly string _text;
    private int _at;

    private PrometheusPage(string text) => _text = text;

    public Dictionary<string, string> Types { get; } = [];

    public List<PrometheusSample> Samples { get; } = [];

    public static PrometheusPage Of(SidecarMeter meter)
    {
        var output = new ArrayBufferWriter<byte>();
        new PrometheusText(meter).Write(output);
        return Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(output.WrittenSpan));
    }

    public static PrometheusPage Parse(string text)
    {
        var page = new PrometheusPage(text);
        page.ParseAll();
        page.CheckHistograms();
        return page;
    }

    public double Sum(string name, Func<PrometheusSample, bool>? where = null) =>
        Samples.Where(sample => sample.Name == name && where?.Invoke(sample) != false).Sum(static sample => sample.Value);

    private void ParseAll()
    {
        Assert.EndsWith("\n", _text, StringComparison.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (_at < _text.Length)
        {
            Expect("# HELP ");
            var family = Name();
            Expect(" ");
            Assert.NotEqual("", UntilLineEnd());
            Expect("# TYPE ");
            Assert.Equal(family, Name());
            Expect(" ");
            var type = UntilLineEnd();
            Assert.Contains(type, new[] { "counter", "gauge", "histogram" });
            Assert.True(Types.TryAdd(family, type), $"{family} twice");
            Assert.Equal(type == "counter", family.EndsWith("_total", StringComparison.Ordinal));
            while (_at < _text.Length && _text[_at] != '#')
            {
                var sample = Sample();
                var suffix = sample.Name[family.Length..];
                Assert.StartsWith(family, sample.Name, StringComparison.Ordinal);
                Assert.Contains(suffix, type == "histogram" ? new[] { "_bucket", "_sum", "_count" } : [""]);
                Assert.True(seen.Add($"{sample.Name}{{{string.Join(',', sample.Labels.OrderBy(pair => pair.Key, StringComparer.Ordinal))}}}"), "series twice");
                Samples.Add(sample);
            }
        }
    }

    private PrometheusSample Sample()
    {
        var name = Name();
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        if (_text[_at] == '{')
        {
            do
            {
                _at++;
                var label = Name();
                Expect("=\"");
                Assert.True(labels.TryAdd(label, LabelValue()), "label twice");
            }
            while (_text[_at] == ',');
            Expect("}");
        }

        Expect(" ");
        var value = UntilLineEnd();
        return new PrometheusSample(name, labels, value == "+Inf" ? double.PositiveInfinity : double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture));
    }

    private string Name()
    {
        var start = _at;
        Assert.Contains(_text[_at], FirstNameCharacters);
        while (FirstNameCharacters.Contains(_text[_at], StringComparison.Ordinal) || char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private string LabelValue()
    {
        var value = new StringBuilder();
        for (; _text[_at] != '"'; _at++)
        {
            Assert.NotEqual('\n', _text[_at]);
            value.Append(_text[_at] != '\\' ? _text[_at] : _text[++_at] switch
            {
                '\\' => '\\',
                '"' => '"',
                'n' => '\n',
                var other => throw new InvalidDataException($"Escape {other} is not known."),
            });
        }

        _at++;
        return value.ToString();
    }

    private string UntilLineEnd()
    {
        var end = _text.IndexOf('\n', _at);
        var line = _text[_at..end];
        _at = end + 1;
        return line;
    }

    private void Expect(string text)
    {
        Assert.True(string.CompareOrdinal(_text, _at, text, 0, text.Length) == 0, $"expected '{text}' at {_at}");
        _at += text.Length;
    }

    private void CheckHistograms()
    {
        foreach (var (family, _) in Types.Where(static pair => pair.Value == "histogram"))
        {
            foreach (var series in Samples.Where(sample => sample.Name == family + "_bucket").GroupBy(WithoutBound))
            {
                var buckets = series.Select(static sample => (Bound: double.Parse(sample.Label("le").Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture), sample.Value)).ToList();
                Assert.Equal(double.PositiveInfinity, buckets[^1].Bound);
                foreach (var (lower, upper) in buckets.Zip(buckets.Skip(1)))
                {
                    Assert.True(lower.Bound < upper.Bound && lower.Value <= upper.Value);
                }

                Assert.Equal(buckets[^1].Value, Samples.Single(sample => sample.Name == family + "_count" && WithoutBound(sample) == series.Key).Value);
                Assert.Single(Samples, sample => sample.Name == family + "_sum" && WithoutBound(sample) == series.Key);
            }
        }
    }

    private static string WithoutBound(PrometheusSample sample) =>
        string.Join(',', sample.Labels.Where(static pair => pair.Key != "le").OrderBy(static pair => pair.Key, StringComparer.Ordinal));
}
