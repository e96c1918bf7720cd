using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Telemetry;

/// <summary>Kinds of telemetry that can be lost; the label of <c>sidecar.telemetry.lost</c>.</summary>
public static class LostKinds
{
    /// <summary>Lines for stdout.</summary>
    public const string LogLines = "log";

    /// <summary>Spans.</summary>
    public const string Spans = "span";

    /// <summary>Exports of the metrics; their values are cumulative and come with the next one.</summary>
    public const string MetricExports = "metric";

    /// <summary>Log records for OTLP.</summary>
    public const string LogRecords = "log-record";
}

/// <summary>
/// Counts. Every number is kept once, here, and is always on: Prometheus reads it, and the OpenTelemetry SDK, when OTLP
/// is on, reads counters and gauges from the same place through observable instruments of the meter <c>Sidecar</c>; only
/// the histograms are recorded a second time, into the SDK's own buckets (src/decisions/0007-metrics.md).
/// Recording is lock-free and allocates nothing once a series exists.
/// </summary>
public sealed class SidecarMeter : IDisposable
{
    /// <summary>Name of the meter in production.</summary>
    public const string MeterName = "Sidecar";

    private readonly TimeProvider _time;
    private readonly Meter _meter;
    private readonly MetricFamily?[] _families = new MetricFamily?[Instruments.All.Length];
    private readonly MetricFamily _serverDuration, _clientDuration, _addedLatency, _requests, _attempts, _retries, _transitions, _ejections,
        _refused, _reloads, _lost, _detection, _opaqueConnections, _opaqueBytes;

    private readonly Histogram<double> _serverHistogram, _clientHistogram, _addedHistogram;
    private volatile IProxyGauges? _gauges;

    /// <param name="time">Clock of the records' timestamps.</param>
    /// <param name="routeCount">Routes at start; sizes the caps of label combinations.</param>
    /// <param name="name">Name of the meter; tests that run side by side use their own.</param>
    public SidecarMeter(TimeProvider time, int routeCount = 0, string name = MeterName)
    {
        _time = time;
        RouteCount = routeCount;
        _meter = new Meter(new MeterOptions(name));
        for (var i = 0; i < Instruments.All.Length; i++)
        {
            var definition = Instruments.All[i];
            switch (definition.Kind)
            {
                case InstrumentKind.Gauge:
                    _meter.CreateObservableGauge(definition.Name, () => ReadGauges(definition), definition.Unit, definition.Description);
                    break;
                case InstrumentKind.Counter:
                    var family = _families[i] = new MetricFamily(definition, definition.MaxSeries(routeCount));
                    _meter.CreateObservableCounter(definition.Name, () => ReadCounters(family), definition.Unit, definition.Description);
                    break;
                default:
                    _families[i] = new MetricFamily(definition, definition.MaxSeries(routeCount));
                    break;
            }
        }

        _serverDuration = Family(Instruments.ServerDuration);
        _clientDuration = Family(Instruments.ClientDuration);
        _addedLatency = Family(Instruments.AddedLatency);
        _requests = Family(Instruments.Requests);
        _attempts = Family(Instruments.Attempts);
        _retries = Family(Instruments.Retries);
        _transitions = Family(Instruments.BreakerTransitions);
        _ejections = Family(Instruments.Ejections);
        _refused = Family(Instruments.Refused);
        _reloads = Family(Instruments.ConfigReloads);
        _lost = Family(Instruments.TelemetryLost);
        _detection = Family(Instruments.Detection);
        _opaqueConnections = Family(Instruments.OpaqueConnections);
        _opaqueBytes = Family(Instruments.OpaqueBytes);
        _serverHistogram = CreateHistogram(Instruments.ServerDuration);
        _clientHistogram = CreateHistogram(Instruments.ClientDuration);
        _addedHistogram = CreateHistogram(Instruments.AddedLatency);
    }

    /// <summary>Name to give to <c>AddMeter</c>.</summary>
    public string Name => _meter.Name;

    /// <summary>Routes at start.</summary>
    internal int RouteCount { get; }

    /// <summary>Says where gauges are read; until then none is exported.</summary>
    public void RegisterGauges(IProxyGauges gauges) => _gauges = gauges;

    /// <summary>A request ended: its duration, what the proxy added, its outcome and, when refused, its flag.</summary>
    public void RequestFinished(RequestRecord record)
    {
        var route = LabelValues.Route(record.Route);
        var total = _time.GetElapsedTime(record.StartTimestamp, record.EndTimestamp);
        var destination = record.AttemptCount > 0 ? record.LastAttempt.DestinationLabel : "";
        var labels = new MetricLabels(
            record.Direction, route, record.Cluster, destination, LabelValues.Method(record.Method), LabelValues.Status(record.Status),
            Outcomes.ErrorType(record));
        Record(_serverDuration, _serverHistogram, labels, total);
        if (!record.IsStream)
        {
            Record(_addedLatency, _addedHistogram, new MetricLabels(record.Direction, route), total - record.UpstreamTime - record.WaitTime);
        }

        var outcome = Outcomes.Of(record);
        _requests.Add(new MetricLabels(record.Direction, route, LabelValues.Name(outcome)));
        if (outcome == RequestOutcome.Refused)
        {
            _refused.Add(new MetricLabels(record.Direction, route, ProxyErrorTable.Flag(record.Flags.Cause)));
        }
    }

    /// <summary>An attempt is being sent.</summary>
    public void AttemptStarted(RequestRecord record) =>
        _attempts.Add(new MetricLabels(
            record.Direction, LabelValues.Route(record.Route), record.Cluster, record.LastAttempt.DestinationLabel));

    /// <summary>An attempt came to its headers or failed.</summary>
    public void AttemptFinished(RequestRecord record, in AttemptRecord attempt)
    {
        if (record.IsOpaque)
        {
            return;
        }

        var labels = new MetricLabels(
            record.Direction, LabelValues.Route(record.Route), record.Cluster, attempt.DestinationLabel, LabelValues.Method(record.Method),
            LabelValues.Status(attempt.Status), Outcomes.ErrorType(attempt));
        Record(_clientDuration, _clientHistogram, labels, _time.GetElapsedTime(attempt.StartTimestamp, attempt.EndTimestamp));
    }

    /// <summary>A failed attempt was considered for a retry.</summary>
    public void RetryConsidered(RequestRecord record, RetryDecision decision) =>
        _retries.Add(new MetricLabels(record.Direction, LabelValues.Route(record.Route), record.Cluster, LabelValues.Name(decision)));

    /// <summary>A breaker changed its state; opening a destination's breaker is an ejection, unless the destination is held in use.</summary>
    public void BreakerChanged(in BreakerTransition transition)
    {
        var route = LabelValues.Route(transition.Route);
        _transitions.Add(new MetricLabels(
            transition.Direction, route, transition.Cluster, transition.DestinationLabel, LabelValues.Name(transition.To), transition.Reason));
        if (IsEjection(transition))
        {
            _ejections.Add(new MetricLabels(transition.Direction, route, transition.Cluster, transition.DestinationLabel));
        }
    }

    /// <summary>An intercepted connection was looked at.</summary>
    public void Detected(string direction, string outcome) => _detection.Add(new MetricLabels(direction, outcome));

    /// <summary>A connection was refused before it carried anything.</summary>
    public void ConnectionRefused(string direction, ProxyError error) =>
        _refused.Add(new MetricLabels(direction, LabelValues.NoRoute, ProxyErrorTable.Flag(error)));

    /// <summary>A connection that was carried as TCP ended.</summary>
    public void ConnectionFinished(RequestRecord record)
    {
        var route = LabelValues.Route(record.Route);
        _opaqueConnections.Add(new MetricLabels(
            record.Direction, route, record.Protocol, record.Flags.IsEmpty ? "" : ProxyErrorTable.Flag(record.Flags.Cause)));
        _opaqueBytes.Add(new MetricLabels(record.Direction, route, "sent"), record.RequestBytes);
        _opaqueBytes.Add(new MetricLabels(record.Direction, route, "received"), record.ResponseBytes);
    }

    /// <summary>A request was refused by the HTTP parser before it became one.</summary>
    public void Malformed(string direction) =>
        _refused.Add(new MetricLabels(direction, LabelValues.NoRoute, ProxyErrorTable.Flag(ProxyError.MalformedRequest)));

    /// <summary>The configuration was read again.</summary>
    public void ConfigReloaded(ReloadResult result) => _reloads.Add(new MetricLabels(LabelValues.Name(result)));

    /// <summary>Telemetry was lost.</summary>
    /// <param name="kind">One of <see cref="LostKinds"/>.</param>
    /// <param name="count">How many.</param>
    public void TelemetryLost(string kind, long count) => _lost.Add(new MetricLabels(kind), count);

    /// <summary>Did a destination leave its route's selection by this transition? A probe that fails does not eject again.</summary>
    internal static bool IsEjection(in BreakerTransition transition) =>
        transition is { To: BreakerState.Open, From: BreakerState.Closed or BreakerState.Held, DestinationLabel.Length: > 0 };

    /// <summary>The series of a counter or histogram.</summary>
    internal MetricFamily Family(InstrumentDefinition definition) => _families[Instruments.All.IndexOf(definition)]!;

    /// <summary>The gauges' values now.</summary>
    internal IEnumerable<GaugeSample> Gauges(InstrumentDefinition definition) =>
        _gauges is { } gauges ? GaugeReader.Read(definition, gauges) : [];

    /// <summary>Ends the meter; the numbers stay readable.</summary>
    public void Dispose() => _meter.Dispose();

    private static void Record(MetricFamily family, Histogram<double> histogram, in MetricLabels labels, TimeSpan duration)
    {
        var series = family.Record(labels, duration);
        if (histogram.Enabled)
        {
            histogram.Record(Math.Max(0, duration.TotalSeconds), series.Tags);
        }
    }

    private Histogram<double> CreateHistogram(InstrumentDefinition definition) =>
        _meter.CreateHistogram<double>(definition.Name, definition.Unit, definition.Description);

    private static IEnumerable<Measurement<long>> ReadCounters(MetricFamily family) =>
        family.Series.Select(static series => new Measurement<long>(series.Value, series.Tags));

    private IEnumerable<Measurement<double>> ReadGauges(InstrumentDefinition definition) =>
        Gauges(definition).Select(sample => new Measurement<double>(sample.Value, sample.Labels.ToTags(definition.Labels)));
}
