using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Benchmarks.Workloads;

/// <summary>Spans of one request, made and ended. Who listens keeps nothing: the exporter's side is <see cref="Measures.SpanExport"/>.</summary>
public class Traces
{
    private const int Attempts = 4;
    private const string NotSampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    private readonly RequestRecord _record = new();
    private LiveRoutes _live = null!;
    private long _ended;

    [GlobalSetup]
    public void Setup()
    {
        _live = new LiveRoutes("orders: { match: { path: '/{**rest}' }, cluster: up }");
        ActivitySource.AddActivityListener(new ActivityListener
        {
            ShouldListenTo = source => source.Name == _live.Tracing.Name,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ => _ended++,
        });
        FiveSpans();
        if (_ended != Attempts + 1)
        {
            throw new InvalidOperationException($"{_ended} spans.");
        }

        NotSampledRequest();
        if (_ended != Attempts + 1)
        {
            throw new InvalidOperationException("A request that was not sampled got a span.");
        }
    }

    /// <summary>A request with four attempts, three of them failed and waited after.</summary>
    [Benchmark]
    public void FiveSpans() => Trace(_live, _record);

    /// <summary>A request that the caller decided not to sample.</summary>
    [Benchmark]
    public void NotSampledRequest()
    {
        _record.Clear();
        Requests.Arrived(_record, _live.Time, "orders");
        _live.Tracing.Begin(_record, NotSampled, default, default);
        Requests.Attempt(_record, _live.Time, _record.StartTimestamp, 200, ProxyError.None);
        _live.Tracing.BeginAttempt(_record);
        _live.Tracing.EndAttempt(_record, 0);
        End(_live, _record);
    }

    internal static void Trace(LiveRoutes live, RequestRecord record)
    {
        record.Clear();
        Requests.Arrived(record, live.Time, "orders");
        live.Tracing.Begin(record, default, default, default);
        for (var i = 0; i < Attempts; i++)
        {
            var isLast = i == Attempts - 1;
            Requests.Attempt(record, live.Time, record.StartTimestamp, 200, isLast ? ProxyError.None : ProxyError.UpstreamClosed);
            live.Tracing.BeginAttempt(record);
            live.Tracing.EndAttempt(record, i);
            if (!isLast)
            {
                live.Tracing.RetryConsidered(record, RetryDecision.Retried, TimeSpan.FromMilliseconds(25));
            }
        }

        End(live, record);
    }

    private static void End(LiveRoutes live, RequestRecord record)
    {
        record.Status = 200;
        record.EndTimestamp = live.Time.GetTimestamp();
        live.Tracing.End(record);
    }
}
