using System.Net;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Tests.Routing;
using Sidecar.Proxy.Tests.Upstream;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Forwarding;

/// <summary>What an upstream sees of an intercepted request, to the byte.</summary>
public sealed class InterceptedHeadersTests : IAsyncDisposable
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private readonly RawServer _server = new();
    private readonly RunningRoutes _routes;

    public InterceptedHeadersTests() => _routes = new RunningRoutes(
        """
        out: { direction: outbound, match: { path: '/out' }, cluster: live }
          in: { direction: inbound, match: { path: '/in' }, forwardTo: original }
        """,
        $"live: {{ destinations: {{ a: {{ address: '{_server.Address}' }} }} }}");

    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        await _routes.DisposeAsync();
    }

    [Fact]
    public async Task Passthrough_Request_HasNothingAddedNorChanged()
    {
        var sent = new Dictionary<string, string>
        {
            ["Host"] = "a.test:81",
            ["Accept"] = "*/*",
            ["traceparent"] = TraceParent,
            ["tracestate"] = "vendor=1",
            ["baggage"] = "user=7",
            ["x-request-id"] = "not one of ours, and with spaces",
            ["x-sidecar-timeout"] = "5s",
            ["x-sidecar-flags"] = "UF",
            ["x-attempt-count"] = "3",
            ["x-request-timeout-ms"] = "700",
            ["grpc-timeout"] = "1S",
            ["X-Forwarded-For"] = "10.1.1.1",
        };

        var seen = await SendAsync(_routes.Table.Passthrough!, ListenerKind.Outbound, sent);

        // Field names may be respelled (PRODUCT §4).
        Assert.Equal(Sorted(sent), Sorted(seen));

        static IEnumerable<string> Sorted(Dictionary<string, string> headers) =>
            headers.Select(header => $"{header.Key.ToLowerInvariant()}: {header.Value}").Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Passthrough_BareRequest_StaysBare()
    {
        var seen = await SendAsync(_routes.Table.Passthrough!, ListenerKind.Inbound, new() { ["Host"] = "a.test" });

        Assert.Equal("Host", Assert.Single(seen).Key);
    }

    [Fact]
    public async Task Passthrough_InvalidTraceContext_IsForwardedAsReceived()
    {
        var seen = await SendAsync(_routes.Table.Passthrough!, ListenerKind.Outbound, new() { ["Host"] = "a.test", ["traceparent"] = "nonsense" });

        Assert.Equal("nonsense", seen["traceparent"]);
    }

    [Fact]
    public async Task Passthrough_HopByHopHeaders_EndHere()
    {
        var seen = await SendAsync(
            _routes.Table.Passthrough!, ListenerKind.Outbound, new() { ["Host"] = "a.test", ["Connection"] = "x-mine", ["x-mine"] = "1", ["Proxy-Connection"] = "keep-alive" });

        Assert.Equal("Host", Assert.Single(seen).Key);
    }

    [Fact]
    public async Task WrittenOutbound_Request_HasOurIdsAndNothingForwarded()
    {
        var seen = await SendAsync(Route("out"), ListenerKind.Outbound, new() { ["Host"] = "a.test", ["x-sidecar-timeout"] = "5s", ["x-request-id"] = "theirs" });

        Assert.Equal("r-1", seen["x-request-id"]);
        Assert.Equal("1", seen["x-attempt-count"]);
        Assert.Equal("a.test", seen["Host"]);
        Assert.False(seen.ContainsKey("x-sidecar-timeout"));
        Assert.DoesNotContain(seen.Keys, name => name.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task WrittenOutbound_ForwardedHeadersOfTheApplication_PassUnchanged()
    {
        var seen = await SendAsync(Route("out"), ListenerKind.Outbound, new() { ["Host"] = "a.test", ["X-Forwarded-For"] = "10.1.1.1" });

        Assert.Equal("10.1.1.1", seen["X-Forwarded-For"]);
        Assert.False(seen.ContainsKey("X-Forwarded-Proto"));
    }

    [Fact]
    public async Task WrittenInbound_Request_SaysWhoCalled()
    {
        var fresh = await SendAsync(Route("in"), ListenerKind.Inbound, new() { ["Host"] = "a.test" });
        var forwarded = await SendAsync(
            Route("in"),
            ListenerKind.Inbound,
            new() { ["Host"] = "a.test", ["X-Forwarded-For"] = "10.1.1.1", ["X-Forwarded-Proto"] = "https", ["X-Forwarded-Host"] = "front.test" });

        Assert.Equal(("10.9.9.9", "http", "a.test"), (fresh["X-Forwarded-For"], fresh["X-Forwarded-Proto"], fresh["X-Forwarded-Host"]));
        Assert.Equal(
            ("10.1.1.1, 10.9.9.9", "https", "front.test"), (forwarded["X-Forwarded-For"], forwarded["X-Forwarded-Proto"], forwarded["X-Forwarded-Host"]));
    }

    private LiveRoute Route(string id) => _routes.Table.Handle(id).Current!;

    /// <summary>Transforms and sends a request as the forwarder would, and reads what arrives.</summary>
    private async Task<Dictionary<string, string>> SendAsync(LiveRoute route, ListenerKind kind, Dictionary<string, string> headers)
    {
        var context = new DefaultHttpContext { Request = { Method = "GET", Protocol = "HTTP/1.1", Scheme = "http" } };
        context.Connection.RemoteIpAddress = IPAddress.Parse("::ffff:10.9.9.9");
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        var original = new IPEndPoint(IPAddress.Loopback, _server.Port);
        var record = new RequestRecord { Method = "GET", RequestId = "r-1", Target = "/x", StartTimestamp = _routes.Time.GetTimestamp() };
        _routes.Telemetry.Tracing.Begin(record, context.Request.Headers.TraceParent, context.Request.Headers.TraceState, context.Request.Headers["baggage"]);
        var target = route.Compiled.Route.IsForwardedToOriginal ? _routes.Originals.Get(original) : null;
        var exchange = HttpExchange.Rent();
        exchange.Record = record;
        exchange.Method = "GET";
        exchange.Balancer = route.Cluster.Balancer;
        exchange.Destinations = target?.Set ?? route.Cluster.Destinations;
        exchange.Budget = target?.Budget;
        exchange.Route = route;
        exchange.Time = _routes.Time;
        exchange.PathAndQuery = "/x";
        record.Caller = new ListenerFeature(kind, original);
        using var message = new HttpRequestMessage(HttpMethod.Get, (Uri?)null) { Version = HttpVersion.Version11 };
        await exchange.Transformer.TransformRequestAsync(context, message, "http://destination.invalid/", CancellationToken.None);
        exchange.Message = message;

        var sending = route.Engine.ExecuteAsync(exchange, CancellationToken.None).AsTask();
        var upstream = await _server.AcceptOneAsync();
        var head = await upstream.ReadHeadAsync();
        await upstream.WriteAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        var outcome = await Patience.Await(sending, "the answer arrives");
        Assert.Equal(204, outcome.Status);
        route.Engine.Complete(exchange, ExchangeCompletion.Ended);
        ((HttpResponseMessage)outcome.Response!).Dispose();

        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("GET /x HTTP/1.1", lines[0]);
        return lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
    }
}
