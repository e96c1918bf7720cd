using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Benchmarks;

/// <summary>
/// A document read, compiled and made live by the product's own classes, without a listener in front. It lives as long as
/// the process: a process measures one group and ends.
/// </summary>
internal sealed class LiveRoutes
{
    /// <param name="routes">Entries of <c>routes:</c>, flow style. The cluster is <c>up</c>.</param>
    /// <param name="destinations">Entries of its <c>destinations:</c>.</param>
    /// <param name="events">Who hears of attempts; null is the product's telemetry.</param>
    /// <param name="output">Where log lines go.</param>
    public LiveRoutes(
        string routes, string destinations = "a: { address: 'http://127.0.0.1:1' }, b: { address: 'http://127.0.0.1:2' }", IPolicyEvents? events = null, Stream? output = null)
    {
        var text = $$"""
            version: 1
            listeners: { reverse: { address: "127.0.0.1:0" } }
            telemetry: { traceRatio: 1, accessLog: { successRatio: 1 } }
            clusters: { up: { destinations: { {{destinations}} } } }
            routes: { {{routes}} }
            """;
        Document = ConfigurationLoader.Load([new ConfigurationSource("benchmark.yaml", text)], [], ConfigurationEnvironment.Default);
        Configuration = Document.Configuration ?? throw new InvalidOperationException(string.Join('\n', Document.Errors));
        Lines = new JsonLineWriter(output ?? Stream.Null, Time);
        Events = new EventLog(Lines, Time);
        Meter = new SidecarMeter(Time, Configuration.Routes.Length);
        Tracing = new Tracing(Time, Random.NextInt64, static _ => null, Configuration.Telemetry.TraceRatio);
        AccessLog = new AccessLog(Events, Time, Random.NextInt64, Configuration.Telemetry.AccessLog);
        Telemetry = new RequestTelemetry(Meter, Events, AccessLog, Tracing, Time);
        Policies = new PolicyRegistry(Time, Random, events ?? Telemetry);
        Clusters = new UpstreamClusterRegistry(Time, Random, new SystemNameResolver(), new UpstreamEventLines(Events));
        Snapshot = SnapshotCompiler.Compile(Configuration);
        new RunningConfiguration(Clusters, Policies, Table, new TcpRouteTable(), Telemetry, new ReplayMemory(Configuration.Limits.ReplayTotalBytes))
            .Apply(Snapshot, yarp: null);
    }

    public TimeProvider Time { get; } = TimeProvider.System;

    public IRandomSource Random { get; } = new SystemRandomSource();

    public ConfigurationResult Document { get; }

    public SidecarConfiguration Configuration { get; }

    public ConfigSnapshot Snapshot { get; }

    public JsonLineWriter Lines { get; }

    public EventLog Events { get; }

    public SidecarMeter Meter { get; }

    public Tracing Tracing { get; }

    public AccessLog AccessLog { get; }

    public RequestTelemetry Telemetry { get; }

    public PolicyRegistry Policies { get; }

    public UpstreamClusterRegistry Clusters { get; }

    public RouteTable Table { get; } = new();

    public TrafficCounters Counters { get; } = new();

    /// <summary>What <c>GET /metrics</c> writes, gauges included.</summary>
    public PrometheusText Prometheus()
    {
        var store = new ConfigurationStore(new InitialConfiguration(Document, ConfigurationOrigin.Written, Reason: null), [], Time);
        Meter.RegisterGauges(new ProxyGauges(Counters, Policies, store, new DrainState(), Time));
        return new PrometheusText(Meter);
    }

    public LiveRoute Route(string id) => Table.Handle(id).Current ?? throw new InvalidOperationException($"There is no route {id}.");
}
