using System.Net;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Benchmarks.Workloads;

/// <summary>Headers from one half to the other by <see cref="ExchangeTransformer"/>, on a reverse route without transforms.</summary>
public class Headers
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    // A browser behind a gateway; the first three are what a plain client sends.
    private static readonly (string Name, string Value)[] OfRequest =
    [
        ("Host", "orders.shop:8080"), ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"), ("Accept", "application/json"),
        ("Accept-Encoding", "gzip, deflate, br"), ("Accept-Language", "en-GB,en;q=0.7,de;q=0.3"), ("Authorization", "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI0NzExIn0.c2lnbmF0dXJl"),
        ("Cookie", "session=6f1c8a520d7e4b60; theme=dark"), ("Referer", "https://shop.example.com/orders"), ("X-Request-Id", "6f1c8a52-0d7e-4b60-9c1e-1f3a5d2b7c90"),
        ("traceparent", TraceParent), ("X-Tenant", "acme"), ("Cache-Control", "no-cache"),
    ];

    private static readonly (string Name, string Value)[] OfResponse =
    [
        ("Content-Type", "application/json; charset=utf-8"), ("Date", "Sat, 21 Nov 2026 12:00:00 GMT"), ("Server", "nginx"),
        ("Cache-Control", "no-store"), ("ETag", "\"6f1c8a52\""), ("Vary", "Accept-Encoding"), ("X-Request-Id", "6f1c8a52-0d7e-4b60-9c1e-1f3a5d2b7c90"),
        ("X-Service-Version", "2026.11.21"), ("Strict-Transport-Security", "max-age=31536000"), ("X-Content-Type-Options", "nosniff"),
        ("Set-Cookie", "session=6f1c8a520d7e4b60; Path=/; HttpOnly"), ("Last-Modified", "Fri, 20 Nov 2026 09:00:00 GMT"),
    ];

    private readonly HttpMethod _method = HttpMethod.Get;
    private DefaultHttpContext _context = null!;
    private ExchangeTransformer _transformer = null!;
    private HttpResponseMessage _response = null!;

    /// <summary>Fields of the request or response.</summary>
    [Params(3, 12)]
    public int Fields { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var live = new LiveRoutes("orders: { match: { path: '/{**rest}' }, cluster: up }");
        var route = live.Route("orders");
        var record = Requests.Arrived(new RequestRecord(), live.Time, "orders");
        _context = new DefaultHttpContext { Request = { Method = "GET", Scheme = "http", Protocol = "HTTP/1.1" } };
        _context.Connection.RemoteIpAddress = IPAddress.Loopback;
        foreach (var (name, value) in OfRequest.AsSpan(0, Fields))
        {
            _context.Request.Headers[name] = value;
        }

        live.Tracing.Begin(record, _context.Request.Headers.TraceParent, default, default);
        var exchange = HttpExchange.Rent();
        (exchange.Record, exchange.Method, exchange.Balancer, exchange.Destinations) = (record, "GET", route.Cluster.Balancer, route.Cluster.Destinations);
        (exchange.Route, exchange.Time, exchange.PathAndQuery) = (route, live.Time, "/orders/4711?page=2");
        record.Caller = new ListenerFeature(ListenerKind.Reverse);
        _transformer = exchange.Transformer;

        _response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(new byte[100]) };
        foreach (var (name, value) in OfResponse.AsSpan(0, Fields))
        {
            if (!_response.Headers.TryAddWithoutValidation(name, value))
            {
                _response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>The message alone, which every request needs.</summary>
    [Benchmark]
    public HttpRequestMessage Message() => new(_method, (Uri?)null);

    /// <summary>The message with the caller's fields and ours.</summary>
    [Benchmark]
    public HttpRequestMessage Request()
    {
        var message = new HttpRequestMessage(_method, (Uri?)null);
        var transformed = _transformer.TransformRequestAsync(_context, message, "http://destination.invalid/", CancellationToken.None);
        return transformed.IsCompletedSuccessfully ? message : throw new InvalidOperationException("Nothing here waits.");
    }

    /// <summary>The upstream's fields into an empty answer.</summary>
    [Benchmark]
    public int Response()
    {
        _context.Response.Headers.Clear();
        var transformed = _transformer.TransformResponseAsync(_context, _response, CancellationToken.None);
        return transformed.IsCompletedSuccessfully ? _context.Response.Headers.Count : throw new InvalidOperationException("Nothing here waits.");
    }
}
