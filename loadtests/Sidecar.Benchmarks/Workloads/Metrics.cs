using System.Buffers;
using BenchmarkDotNet.Attributes;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Benchmarks.Workloads;

/// <summary>Recording one request (its attempt, its end; five instruments), and one scrape.</summary>
public class Metrics
{
    private LiveRoutes _live = null!;
    private PrometheusText _text = null!;
    private ArrayBufferWriter<byte> _page = null!;
    private RequestRecord[] _records = [];
    private int _next;

    /// <summary>Routes with 16 combinations of method and status each: 50 are 800, 625 are the 10 000 of the two largest instruments.</summary>
    [Params(50, 625)]
    public int Routes { get; set; }

    /// <summary>Bytes of a scrape.</summary>
    public int PageBytes { get; private set; }

    [GlobalSetup]
    public void Setup()
    {
        _live = new LiveRoutes(Numbered.Routes(Routes, policy: "{ retry: { maxRetries: 2 }, circuitBreaker: {} }"));
        _text = _live.Prometheus();
        _records = All(_live);
        new Random(1).Shuffle(_records);
        foreach (var _ in _records)
        {
            Record();
        }

        // A family that reached its cap would fold series into one, and cost less.
        var series = _live.Meter.Family(Instruments.ServerDuration).Series.ToArray();
        if (series.Length != _records.Length || Array.Exists(series, static one => one.IsOverflow))
        {
            throw new InvalidOperationException($"{series.Length} series, not {_records.Length}.");
        }

        _page = new ArrayBufferWriter<byte>(16 * 1024);
        _text.Write(_page);
        PageBytes = _page.WrittenCount;
    }

    /// <summary>A request of every route, method and status.</summary>
    internal static RequestRecord[] All(LiveRoutes live) =>
    [
        .. from route in live.Configuration.Routes
           from combination in Requests.Combinations
           select Requests.Ended(live.Time, route.Id, combination.Method, combination.Status),
    ];

    /// <summary>What the layers call in the course of one request.</summary>
    internal static void RecordOne(SidecarMeter meter, RequestRecord record)
    {
        meter.AttemptStarted(record);
        meter.AttemptFinished(record, record.LastAttempt);
        meter.RequestFinished(record);
    }

    [Benchmark]
    public void Record()
    {
        RecordOne(_live.Meter, _records[_next]);
        _next = _next + 1 == _records.Length ? 0 : _next + 1;
    }

    /// <summary>Into a buffer that is large enough; the endpoint grows one and sends it.</summary>
    [Benchmark]
    public int Scrape()
    {
        _page.ResetWrittenCount();
        _text.Write(_page);
        return _page.WrittenCount;
    }
}

/// <summary>The same recording while metrics are exported over OTLP: three histograms are kept a second time, by the SDK.</summary>
public class ExportedMetrics
{
    private LiveRoutes _live = null!;
    private RequestRecord[] _records = [];
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        _live = new LiveRoutes(Numbered.Routes(50));

        // Nothing listens there, and the first export is a minute away: only the recording is measured.
        var settings = OtlpSettings.Read(static name => name switch
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => "http://127.0.0.1:9",
            "OTEL_TRACES_EXPORTER" => "none",
            _ => null,
        });
        OtlpExport.Start(settings, _live.Meter, _live.Tracing, _live.Events, _live.Time, "benchmark");
        _records = Metrics.All(_live);
        new Random(1).Shuffle(_records);
    }

    [Benchmark]
    public void Record()
    {
        Metrics.RecordOne(_live.Meter, _records[_next]);
        _next = _next + 1 == _records.Length ? 0 : _next + 1;
    }
}
