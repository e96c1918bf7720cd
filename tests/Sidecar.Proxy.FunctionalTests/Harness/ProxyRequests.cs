using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Sidecar.Proxy.FunctionalTests.Harness;

/// <summary>Short ways to talk to a proxy under test.</summary>
internal static class ProxyRequests
{
    /// <summary>The bytes of a bodyless request.</summary>
    public static string Request(string method, string target, params string[] headerLines) =>
        string.Concat([$"{method} {target} HTTP/1.1\r\n", .. HostUnlessGiven(headerLines), .. headerLines.Select(line => line + "\r\n"), "\r\n"]);

    /// <summary>The bytes of a request with a counted body.</summary>
    public static string RequestWithBody(string method, string target, string body, params string[] headerLines) =>
        Request(method, target, [.. headerLines, "content-length: " + body.Length.ToString(CultureInfo.InvariantCulture)]) + body;

    /// <summary>One request on an own connection.</summary>
    public static Task<RawResponse> SendAsync(this IProxyUnderTest proxy, string request) => RawClient.ExchangeAsync(proxy.Reverse, request);

    /// <summary>GET on an own connection.</summary>
    public static Task<RawResponse> GetAsync(this IProxyUnderTest proxy, string target = "/", params string[] headerLines) => proxy.SendAsync(Request("GET", target, headerLines));

    /// <summary>POST on an own connection.</summary>
    public static Task<RawResponse> PostAsync(this IProxyUnderTest proxy, string body, params string[] headerLines) => proxy.SendAsync(RequestWithBody("POST", "/", body, headerLines));

    /// <summary>A connection to the reverse listener.</summary>
    public static RawClient Connect(this IProxyUnderTest proxy) => RawClient.Connect(proxy.Reverse);

    /// <summary>GET on the admin listener.</summary>
    public static Task<RawResponse> AdminAsync(this IProxyUnderTest proxy, string target) => RawClient.ExchangeAsync(proxy.Admin, Request("GET", target, "host: localhost"));

    /// <summary>GET of a JSON document on the admin listener.</summary>
    public static async Task<JsonElement> AdminJsonAsync(this IProxyUnderTest proxy, string target)
    {
        var response = await proxy.AdminAsync(target);
        using var document = JsonDocument.Parse(response.Body);
        return document.RootElement.Clone();
    }

    /// <summary>The metrics now.</summary>
    public static async Task<PrometheusText> MetricsAsync(this IProxyUnderTest proxy) =>
        PrometheusText.Parse((await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", "/metrics"))).BodyText);

    /// <summary>Waits until a metric's sum has this value; requests are counted when they end, which is after their last byte was sent.</summary>
    public static Task WaitForMetricAsync(this IProxyUnderTest proxy, double value, string name, params (string Name, string Value)[] labels) => Patience.Eventually(
        async () => (await proxy.MetricsAsync()).Sum(name, labels) >= value,
        $"{name}{{{string.Join(',', labels)}}} reaches {value.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>One row of <c>/breakers</c>; null when there is none for this destination (empty: scope route).</summary>
    public static async Task<JsonElement?> BreakerAsync(this IProxyUnderTest proxy, string route, string destination)
    {
        var breakers = await proxy.AdminJsonAsync("/breakers");
        return breakers.GetProperty("breakers").EnumerateArray()
            .Where(breaker => breaker.Text("route") == route && breaker.Text("destination") == destination)
            .Select(breaker => (JsonElement?)breaker)
            .SingleOrDefault();
    }

    /// <summary>A client that speaks h2c (prior knowledge) and nothing else.</summary>
    public static HttpMessageInvoker Http2Client() => new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, EnableMultipleHttp2Connections = false });

    /// <summary>A request for <see cref="Http2Client"/>.</summary>
    public static HttpRequestMessage Http2Request(this IProxyUnderTest proxy, HttpMethod method, string target, HttpContent? content = null) => new(method, $"http://{proxy.Reverse}{target}")
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = content,
    };

    private static string[] HostUnlessGiven(string[] headerLines) =>
        headerLines.Any(line => line.StartsWith("host:", StringComparison.OrdinalIgnoreCase)) ? [] : ["Host: app.test\r\n"];
}
