namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// OpenTelemetry names under Prometheus' rules
/// (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/): dots become underscores, the unit
/// <c>s</c> is spelled out as a suffix, annotations in braces are dropped, counters end in <c>_total</c>.
/// </summary>
public static class PrometheusNames
{
    /// <summary>Name of an instrument's metric family.</summary>
    public static string Metric(InstrumentDefinition definition)
    {
        var name = Label(definition.Name);
        if (definition.Unit == "s")
        {
            name += "_seconds";
        }

        return definition.Kind == InstrumentKind.Counter ? name + "_total" : name;
    }

    /// <summary>Name of a label.</summary>
    public static string Label(string name) => name.Replace('.', '_');
}
