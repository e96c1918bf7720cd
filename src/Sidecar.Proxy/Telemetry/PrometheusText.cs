using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Writes every instrument in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). Families stand in the order of the table, with HELP
/// and TYPE also when they have no series yet.
/// </summary>
public sealed class PrometheusText(SidecarMeter meter)
{
    /// <summary>Value of <c>Content-Type</c>.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes all of it.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        foreach (var definition in Instruments.All)
        {
            var name = PrometheusNames.Metric(definition);
            WriteHeader(output, name, definition);
            switch (definition.Kind)
            {
                case InstrumentKind.Histogram:
                    WriteHistograms(output, name, meter.Family(definition));
                    break;
                case InstrumentKind.Counter:
                    foreach (var series in meter.Family(definition).Series)
                    {
                        WriteSample(output, name, "", definition, series.Labels, series.IsOverflow, null, series.Value);
                    }

                    break;
                default:
                    foreach (var sample in meter.Gauges(definition))
                    {
                        WriteSample(output, name, "", definition, sample.Labels, isOverflow: false, null, sample.Value);
                    }

                    break;
            }
        }
    }

    private static void WriteHeader(IBufferWriter<byte> output, string name, InstrumentDefinition definition)
    {
        Text(output, "# HELP ");
        Text(output, name);
        Text(output, " ");
        Text(output, definition.Description.Replace("\\", "\\\\").Replace("\n", "\\n"));
        Text(output, "\n# TYPE ");
        Text(output, name);
        Text(output, definition.Kind switch
        {
            InstrumentKind.Histogram => " histogram\n",
            InstrumentKind.Counter => " counter\n",
            _ => " gauge\n",
        });
    }

    private static void WriteHistograms(IBufferWriter<byte> output, string name, MetricFamily family)
    {
        var definition = family.Definition;
        var counts = new long[family.BucketCount];
        foreach (var series in family.Series)
        {
            // The sum is read first: a value that arrives in between is in the buckets but not in the sum, never the other way round,
            // and the count is the buckets' own, so it always equals the bucket of +Inf.
            var sum = series.SumSeconds;
            series.CopyBuckets(counts);
            long cumulative = 0;
            for (var i = 0; i < counts.Length; i++)
            {
                cumulative += counts[i];
                var bound = i < definition.Buckets.Length ? definition.Buckets[i] : double.PositiveInfinity;
                WriteSample(output, name, "_bucket", definition, series.Labels, series.IsOverflow, bound, cumulative);
            }

            WriteSample(output, name, "_sum", definition, series.Labels, series.IsOverflow, null, sum);
            WriteSample(output, name, "_count", definition, series.Labels, series.IsOverflow, null, cumulative);
        }
    }

    private static void WriteSample(
        IBufferWriter<byte> output, string name, string suffix, InstrumentDefinition definition, in MetricLabels labels, bool isOverflow,
        double? bound, double value)
    {
        Text(output, name);
        Text(output, suffix);
        var separator = "{";
        for (var i = 0; i < definition.Labels.Length; i++)
        {
            if (!isOverflow && labels[i].Length > 0)
            {
                Label(output, ref separator, PrometheusNames.Label(definition.Labels[i]), labels[i]);
            }
        }

        if (isOverflow)
        {
            Label(output, ref separator, "otel_metric_overflow", "true");
        }

        if (bound is { } le)
        {
            Text(output, separator);
            separator = ",";
            Text(output, "le=\"");
            Number(output, le);
            Text(output, "\"");
        }

        Text(output, separator == "," ? "} " : " ");
        Number(output, value);
        Text(output, "\n");
    }

    private static void Label(IBufferWriter<byte> output, ref string separator, string name, string value)
    {
        Text(output, separator);
        separator = ",";
        Text(output, name);
        Text(output, "=\"");
        Text(output, value.AsSpan().IndexOfAny("\\\"\n") < 0 ? value : value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n"));
        Text(output, "\"");
    }

    private static void Text(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);

    private static void Number(IBufferWriter<byte> output, double value)
    {
        if (double.IsFinite(value))
        {
            var span = output.GetSpan(32);
            Utf8Formatter.TryFormat(value, span, out var written);

            // 5e-05, as Go writes it: a bound is a label and is compared as text.
            if (span[..written].IndexOf((byte)'E') is >= 0 and var exponent)
            {
                span[exponent] = (byte)'e';
            }

            output.Advance(written);
        }
        else
        {
            Text(output, double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        }
    }
}
