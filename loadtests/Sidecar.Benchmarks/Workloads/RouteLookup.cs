using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Benchmarks.Workloads;

/// <summary>
/// From the target of a request to its frozen route: the matcher with Yarp's endpoints and our policies, then
/// <see cref="RouteSelectionMiddleware"/>, registered as <see cref="ProxyPipeline"/> does.
/// </summary>
public class RouteLookup
{
    private readonly RequestRecord _record = new();
    private (HostString Host, PathString Path, string Route)[] _targets = [];
    private DefaultHttpContext _context = null!;
    private RequestDelegate _lookup = null!;
    private int _next;

    /// <summary>Routes in the document.</summary>
    [Params(100, 1000)]
    public int Routes { get; set; }

    /// <summary>What tells them apart.</summary>
    [Params("path", "host")]
    public string By { get; set; } = "path";

    [GlobalSetup]
    public void Setup()
    {
        var live = new LiveRoutes(string.Join(", ", Numbered.Of(Routes, Route)));
        var transport = new DrainableListenerFactory(ProxyServices.SocketTransport(TimeProvider.System), static _ => false, static _ => null);
        var listeners = new Listeners(live.Configuration, connectionLimit: 1024, live.Counters, new DrainState(), live.Telemetry, live.Time);
        var server = ProxyServices.Create(new SidecarProxyConfigProvider(live.Snapshot), listeners, transport, isIntercepting: false);
        server.Pipeline.UseRouting();
        server.Pipeline.Use(_ => new RouteSelectionMiddleware(live.Table, new UnmatchedHosts()).InvokeAsync);
        server.Pipeline.UseEndpoints(endpoints => endpoints.MapReverseProxy(static _ => { })
            .ConfigureEndpoints((endpoint, route) => endpoint.WithMetadata(live.Table.Handle(SnapshotCompiler.RouteIdOf(route.RouteId)))));
        _lookup = server.Pipeline.Build();

        // Every route once, in an order without a pattern: a branch predictor must not learn one path.
        var order = Numbered.Of(Routes, static i => i);
        new Random(1).Shuffle(order);
        _targets = Array.ConvertAll(order, Target);
        _context = new DefaultHttpContext { RequestServices = server.Services, Request = { Method = "GET", Scheme = "http", Protocol = "HTTP/1.1" } };
        _context.Features.Set(_record);
        foreach (var target in _targets)
        {
            Lookup();
            if (_record.Route != target.Route)
            {
                throw new InvalidOperationException($"{target.Host}{target.Path} went to '{_record.Route}'.");
            }
        }
    }

    [Benchmark]
    public Task Lookup()
    {
        _context.SetEndpoint(null);
        (_context.Request.Host, _context.Request.Path, _) = _targets[_next];
        _next = _next + 1 == _targets.Length ? 0 : _next + 1;
        return _lookup(_context);
    }

    private (HostString Host, PathString Path, string Route) Target(int i) => By == "host"
        ? (new HostString($"service-{i}.shop"), new PathString("/orders/4711"), $"r{i}")
        : (new HostString("orders.shop"), new PathString($"/service-{i}/orders/4711"), $"r{i}");

    private string Route(int i) => By == "host"
        ? $"r{i}: {{ match: {{ hosts: ['service-{i}.shop'] }}, cluster: up }}"
        : $"r{i}: {{ match: {{ path: '/service-{i}/{{**rest}}' }}, cluster: up }}";
}
