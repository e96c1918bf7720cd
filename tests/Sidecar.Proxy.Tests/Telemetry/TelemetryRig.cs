using System.Collections.Immutable;
using System.Text.Json;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

/// <summary>The whole telemetry layer around a controlled stdout and a manual clock.</summary>
internal sealed class TelemetryRig : IDisposable
{
    private static int s_number;

    public TelemetryRig(AccessLogConfiguration? accessLog = null, Func<string, string?>? environment = null, double traceRatio = 0, int seed = 1)
    {
        var random = new Random(seed);

        // Own names: other tests' providers must not listen here.
        var name = $"Sidecar.Test.{Interlocked.Increment(ref s_number)}";
        Writer = new JsonLineWriter(Stdout, Clock, linger: TimeSpan.Zero);
        Events = new EventLog(Writer, Clock);
        Meter = new SidecarMeter(Clock, routeCount: 2, name);
        Tracing = new Tracing(Clock, () => random.NextInt64(long.MinValue, long.MaxValue), environment ?? (static _ => null), traceRatio, name);
        AccessLog = new AccessLog(Events, Clock, () => random.NextInt64(long.MinValue, long.MaxValue), accessLog ?? DefaultAccessLog);
        Telemetry = new RequestTelemetry(Meter, Events, AccessLog, Tracing, Clock);
    }

    public static AccessLogConfiguration DefaultAccessLog { get; } = new(0, TimeSpan.FromSeconds(1), 200, [], []);

    public TelemetryClock Clock { get; } = new();

    public ControlledStream Stdout { get; } = new();

    public JsonLineWriter Writer { get; }

    public EventLog Events { get; }

    public SidecarMeter Meter { get; }

    public Tracing Tracing { get; }

    public AccessLog AccessLog { get; }

    public RequestTelemetry Telemetry { get; }

    /// <summary>Every line so far, parsed.</summary>
    public ImmutableArray<JsonElement> Lines()
    {
        Assert.True(Writer.Flush(TimeSpan.FromSeconds(30)));
        return [.. Stdout.Lines.Select(static line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>Lines of one event.</summary>
    public ImmutableArray<JsonElement> Lines(LogEvent logEvent) =>
        [.. Lines().Where(line => line.GetProperty("event").GetString() == logEvent.Name)];

    /// <summary>Prometheus' text now, strictly parsed.</summary>
    public PrometheusPage Scrape() => PrometheusPage.Of(Meter);

    /// <summary>A request that just arrived.</summary>
    public RequestRecord Begin(string route = "orders", string cluster = "orders", string traceParent = "") =>
        Begin(new RequestRecord
        {
            Route = route,
            Cluster = cluster,
            Method = "GET",
            Target = "/orders/1?token=secret",
            Host = "api.example.com:8080",
            Protocol = "http/1.1",
            RequestId = "r-1",
            StartTimestamp = Clock.GetTimestamp(),
        }, traceParent);

    /// <summary>An attempt that takes its time.</summary>
    public void Attempt(RequestRecord record, TimeSpan duration, int status = 200, ProxyError error = ProxyError.None, string destination = "a")
    {
        BeginAttempt(record, destination);
        Clock.Advance(duration);
        record.UpstreamTime += duration;
        EndAttempt(record, status, error);
    }

    public void BeginAttempt(RequestRecord record, string destination = "a")
    {
        record.BeginAttempt(destination, destination, Clock.GetTimestamp());
        Telemetry.AttemptStarted(record);
    }

    public void EndAttempt(RequestRecord record, int status = 200, ProxyError error = ProxyError.None)
    {
        ref var attempt = ref record.LastAttempt;
        attempt.EndTimestamp = Clock.GetTimestamp();
        attempt.Status = error == ProxyError.None ? status : 0;
        attempt.Error = error;
        Telemetry.AttemptFinished(record);
    }

    public void End(RequestRecord record, int status = 200, ProxyError error = ProxyError.None)
    {
        record.Status = status;
        record.Flags.Add(error);
        record.EndTimestamp = Clock.GetTimestamp();
        Telemetry.OnRequestFinished(record);
    }

    public void Dispose()
    {
        Stdout.Unblock();
        Telemetry.Dispose();
        Tracing.Dispose();
        Meter.Dispose();
        Writer.Dispose();
    }

    private RequestRecord Begin(RequestRecord record, string traceParent)
    {
        Tracing.Begin(record, traceParent.Length > 0 ? traceParent : default, default, default);
        return record;
    }
}
