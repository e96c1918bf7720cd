using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Writes every instrument in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). Families stand in the order of the table, with HELP
/// and TYPE also when they have no series yet.
/// <para>
/// The event loop that serves a scrape serves nothing else meanwhile, and a histogram has a line for each bucket: what does not
/// change is made once, the labels of a series once per scrape, and a line is a few copies and a number.
/// </para>
/// </summary>
public sealed class PrometheusText(SidecarMeter meter)
{
    /// <summary>Value of <c>Content-Type</c>.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    // The longest double has 24 characters, the longest long 20.
    private const int LongestNumber = 32;

    private static readonly ImmutableArray<Family> Families = [.. Instruments.All.Select(static definition => new Family(definition))];

    /// <summary>Writes all of it.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        var labels = new ArrayBufferWriter<byte>(256);
        foreach (var family in Families)
        {
            output.Write(family.Header);
            switch (family.Definition.Kind)
            {
                case InstrumentKind.Histogram:
                    WriteHistograms(output, family, meter.Family(family.Definition), labels);
                    break;
                case InstrumentKind.Counter:
                    foreach (var series in meter.Family(family.Definition).Series)
                    {
                        Fill(labels, family, series.Labels, series.IsOverflow);
                        WriteSample(output, family.Name, labels.WrittenSpan, default, series.Value);
                    }

                    break;
                default:
                    foreach (var sample in meter.Gauges(family.Definition))
                    {
                        Fill(labels, family, sample.Labels, isOverflow: false);
                        WriteSample(output, family.Name, labels.WrittenSpan, default, sample.Value);
                    }

                    break;
            }
        }
    }

    private static void WriteHistograms(IBufferWriter<byte> output, Family family, MetricFamily metrics, ArrayBufferWriter<byte> labels)
    {
        var counts = new long[metrics.BucketCount];
        foreach (var series in metrics.Series)
        {
            Fill(labels, family, series.Labels, series.IsOverflow);

            // The sum is read first: a value that arrives in between is in the buckets but not in the sum, never the other way round,
            // and the count is the buckets' own, so it always equals the bucket of +Inf.
            var sum = series.SumSeconds;
            series.CopyBuckets(counts);
            long cumulative = 0;
            for (var i = 0; i < counts.Length; i++)
            {
                cumulative += counts[i];
                WriteSample(output, family.Bucket, labels.WrittenSpan, family.Bounds[i], cumulative);
            }

            WriteSample(output, family.Sum, labels.WrittenSpan, default, sum);
            WriteSample(output, family.Count, labels.WrittenSpan, default, cumulative);
        }
    }

    /// <summary>The labels that are present, without braces.</summary>
    private static void Fill(ArrayBufferWriter<byte> into, Family family, in MetricLabels labels, bool isOverflow)
    {
        into.ResetWrittenCount();
        if (isOverflow)
        {
            into.Write("otel_metric_overflow=\"true\""u8);
            return;
        }

        for (var i = 0; i < family.LabelNames.Length; i++)
        {
            var value = labels[i];
            if (value.Length == 0)
            {
                continue;
            }

            if (into.WrittenCount > 0)
            {
                into.Write(","u8);
            }

            into.Write(family.LabelNames[i]);
            Text(into, value.AsSpan().IndexOfAny("\\\"\n") < 0 ? value : value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n"));
            into.Write("\""u8);
        }
    }

    private static void WriteSample(IBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> bound, long value)
    {
        var line = Begin(output, name, labels, bound, out var length);
        Utf8Formatter.TryFormat(value, line[length..], out var written);
        End(output, line, length + written);
    }

    private static void WriteSample(IBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> bound, double value)
    {
        var line = Begin(output, name, labels, bound, out var length);
        End(output, line, length + Number(line[length..], value));
    }

    private static Span<byte> Begin(
        IBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> bound, out int length)
    {
        var line = output.GetSpan(name.Length + labels.Length + bound.Length + LongestNumber + "{,} \n".Length);
        length = 0;
        Append(line, ref length, name);
        if (labels.Length + bound.Length > 0)
        {
            line[length++] = (byte)'{';
            Append(line, ref length, labels);
            if (labels.Length > 0 && bound.Length > 0)
            {
                line[length++] = (byte)',';
            }

            Append(line, ref length, bound);
            line[length++] = (byte)'}';
        }

        line[length++] = (byte)' ';
        return line;
    }

    private static void End(IBufferWriter<byte> output, Span<byte> line, int length)
    {
        line[length] = (byte)'\n';
        output.Advance(length + 1);
    }

    private static void Append(Span<byte> line, ref int length, ReadOnlySpan<byte> text)
    {
        text.CopyTo(line[length..]);
        length += text.Length;
    }

    private static void Text(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);

    private static int Number(Span<byte> into, double value)
    {
        if (!double.IsFinite(value))
        {
            return Encoding.UTF8.GetBytes(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", into);
        }

        Utf8Formatter.TryFormat(value, into, out var written);

        // 5e-05, as Go writes it: a bound is a label and is compared as text.
        if (into[..written].IndexOf((byte)'E') is >= 0 and var exponent)
        {
            into[exponent] = (byte)'e';
        }

        return written;
    }

    /// <summary>What of an instrument is the same in every scrape.</summary>
    private sealed class Family
    {
        public Family(InstrumentDefinition definition)
        {
            Definition = definition;
            var name = PrometheusNames.Metric(definition);
            var help = definition.Description.Replace("\\", "\\\\").Replace("\n", "\\n");
            var type = definition.Kind switch
            {
                InstrumentKind.Histogram => "histogram",
                InstrumentKind.Counter => "counter",
                _ => "gauge",
            };
            Header = Encoding.UTF8.GetBytes($"# HELP {name} {help}\n# TYPE {name} {type}\n");
            Name = Encoding.UTF8.GetBytes(name);
            Bucket = Encoding.UTF8.GetBytes(name + "_bucket");
            Sum = Encoding.UTF8.GetBytes(name + "_sum");
            Count = Encoding.UTF8.GetBytes(name + "_count");
            LabelNames = [.. definition.Labels.Select(static label => Encoding.UTF8.GetBytes($"{PrometheusNames.Label(label)}=\""))];
            Bounds = [.. definition.Buckets.Append(double.PositiveInfinity).Select(Bound)];
        }

        public InstrumentDefinition Definition { get; }

        public byte[] Header { get; }

        public byte[] Name { get; }

        public byte[] Bucket { get; }

        public byte[] Sum { get; }

        public byte[] Count { get; }

        /// <summary>Each with its equals sign and opening quote.</summary>
        public byte[][] LabelNames { get; }

        /// <summary>The label <c>le</c> of each bucket.</summary>
        public byte[][] Bounds { get; }

        private static byte[] Bound(double bound)
        {
            Span<byte> number = stackalloc byte[LongestNumber];
            return [.. "le=\""u8, .. number[..Number(number, bound)], .. "\""u8];
        }
    }
}
