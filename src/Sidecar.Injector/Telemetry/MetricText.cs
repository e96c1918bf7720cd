using System.Globalization;
using System.Text;

namespace Sidecar.Injector.Telemetry;

/// <summary>Writes Prometheus' text format.</summary>
public sealed class MetricText
{
    private readonly StringBuilder _text = new();

    /// <summary>Begins a family.</summary>
    /// <param name="name">Its name, with its unit.</param>
    /// <param name="type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
    /// <param name="help">One sentence.</param>
    public void Family(string name, string type, string help) => _text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    /// <summary>One sample.</summary>
    public void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var index = 0; index < labels.Length; index++)
        {
            _text.Append(index == 0 ? '{' : ',').Append(labels[index].Name).Append("=\"");
            foreach (var character in labels[index].Value)
            {
                _text.Append(character switch
                {
                    '\\' => "\\\\",
                    '"' => "\\\"",
                    '\n' => "\\n",
                    _ => character.ToString(),
                });
            }

            _text.Append('"');
        }

        _text.Append(labels.Length > 0 ? "} " : " ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
