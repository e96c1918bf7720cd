using System.Globalization;

namespace Sidecar.Proxy.Telemetry;

/// <summary>A gauge's value at this moment.</summary>
/// <param name="Labels">Values of the instrument's labels.</param>
/// <param name="Value">The number.</param>
internal readonly record struct GaugeSample(MetricLabels Labels, double Value);

/// <summary>Reads the gauges of the table from <see cref="IProxyGauges"/>: the one place that knows which is which.</summary>
internal static class GaugeReader
{
    private static readonly BreakerState[] States = [BreakerState.Closed, BreakerState.Open, BreakerState.HalfOpen, BreakerState.Held];

    /// <summary>The values of one instrument; nothing for one that is not a gauge.</summary>
    internal static IEnumerable<GaugeSample> Read(InstrumentDefinition definition, IProxyGauges gauges)
    {
        if (definition == Instruments.InFlight)
        {
            return gauges.InFlight.GroupBy(static gauge => (gauge.Direction, Route: LabelValues.Route(gauge.Route)))
                .Select(static group => new GaugeSample(new(group.Key.Direction, group.Key.Route), group.Sum(static gauge => gauge.Count)));
        }

        if (definition == Instruments.RetryBudget)
        {
            return gauges.RetryBudgets.DistinctBy(static gauge => gauge.Cluster)
                .Select(static gauge => new GaugeSample(new(gauge.Cluster), gauge.Available));
        }

        if (definition == Instruments.BreakerStates)
        {
            return gauges.Breakers
                .GroupBy(static gauge => (gauge.Direction, Route: LabelValues.Route(gauge.Route), gauge.Cluster, gauge.DestinationLabel))
                .SelectMany(static group => States.Select(state => new GaugeSample(
                    new(group.Key.Direction, group.Key.Route, group.Key.Cluster, group.Key.DestinationLabel, LabelValues.Name(state)),
                    group.Count(gauge => gauge.State == state))));
        }

        if (definition == Instruments.OpaqueOpen)
        {
            return gauges.OpaqueConnections.Select(static gauge => new GaugeSample(new(gauge.Direction), gauge.Count));
        }

        if (definition == Instruments.Connections)
        {
            return gauges.Connections.GroupBy(static gauge => gauge.Direction)
                .Select(static group => new GaugeSample(new(group.Key), group.Sum(static gauge => gauge.Count)));
        }

        double? single =
            definition == Instruments.ConfigHash ? HashNumber(gauges.ConfigHash)
            : definition == Instruments.ConfigRevision ? gauges.ConfigRevision
            : definition == Instruments.ConfigRevisionAge ? gauges.ConfigAge.TotalSeconds
            : definition == Instruments.ConfigRejected ? (gauges.IsConfigRejected ? 1 : 0)
            : definition == Instruments.Draining ? (gauges.IsDraining ? 1 : 0)
            : null;
        return single is { } value ? [new GaugeSample(new(""), value)] : [];
    }

    // 48 bits survive in a double: the number is exact in every exporter, and no label changes at a reload.
    private static double HashNumber(string hash) =>
        hash.Length >= 12 && ulong.TryParse(hash.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
