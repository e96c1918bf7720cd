using System.Globalization;
using System.Text.RegularExpressions;

namespace Sidecar.TestKit.Network;

/// <summary>One line of the Prometheus text format.</summary>
/// <param name="Name">Metric name.</param>
/// <param name="Labels">Label values by name.</param>
/// <param name="Value">Its value.</param>
public sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Reads the Prometheus text format as strictly as the tests need.</summary>
public sealed partial class PrometheusText
{
    private PrometheusText(IReadOnlyList<PrometheusSample> samples) => Samples = samples;

    /// <summary>Every sample.</summary>
    public IReadOnlyList<PrometheusSample> Samples { get; }

    /// <summary>Parses.</summary>
    /// <exception cref="FormatException">A line is neither a comment nor a sample.</exception>
    public static PrometheusText Parse(string text) => new(text.Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => SampleLine().Match(line) is { Success: true } match ? match : throw new FormatException($"Not a sample: {line}"))
        .Select(match => new PrometheusSample(
            match.Groups["name"].Value,
            LabelPair().Matches(match.Groups["labels"].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value),
            double.Parse(match.Groups["value"].Value.Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture)))
        .ToArray());

    /// <summary>The sum of a metric's samples that carry all these labels; 0 when there is none.</summary>
    public double Sum(string name, params (string Name, string Value)[] labels) => Matching(name, labels).Sum(sample => sample.Value);

    /// <summary>A metric's samples that carry all these labels.</summary>
    public IEnumerable<PrometheusSample> Matching(string name, params (string Name, string Value)[] labels) => Samples.Where(sample =>
        sample.Name == name && labels.All(label => sample.Labels.TryGetValue(label.Name, out var value) && value == label.Value));

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>.*)\})? (?<value>\S+)( \d+)?$""")]
    private static partial Regex SampleLine();

    [GeneratedRegex("""([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?""")]
    private static partial Regex LabelPair();
}
