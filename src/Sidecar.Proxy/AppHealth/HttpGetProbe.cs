using System.Net;
using System.Net.Http;

namespace Sidecar.Proxy.AppHealth;

/// <summary>
/// <c>httpGet</c> as the kubelet does it (pkg/probe/http): 200 to 399 is healthy; redirects are followed on the same host name, at
/// most ten; one to another host is healthy and not followed; at most 10 KiB of the body are read. A connection for each request:
/// nothing is pooled, so that a probe tells of now.
/// </summary>
internal static class HttpGetProbe
{
    private const int MaxRedirects = 10;
    private const int MaxBodyBytes = 10 * 1024;
    private const int MaxHeaderKilobytes = 64;

    private static readonly UriCreationOptions Raw = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Asks.</summary>
    /// <exception cref="HttpRequestException">There was no answer.</exception>
    /// <exception cref="IOException">The answer broke off.</exception>
    public static async Task<ProbeVerdict> RunAsync(HttpGetTarget target, bool isHook, ProbeCaller caller, CancellationToken cancellationToken)
    {
        var start = new Uri($"{(target.IsTls ? "https" : "http")}://{ProbeConnection.Authority(target, caller.ReachedAt)}{target.Target}", Raw);
        var (address, host) = (start, target.HostHeader);
        for (var redirects = 0; ; redirects++)
        {
            var (status, location) = await AskAsync(address, host, target, caller, cancellationToken);
            if (location is null || status is not (301 or 302 or 303 or 307 or 308))
            {
                return new ProbeVerdict(isHook || status is >= 200 and < 400, $"httpGet on port {address.Port} answered {status}");
            }

            var next = location.IsAbsoluteUri ? location : new Uri(address, location);
            if (next.Host != start.Host || next.Scheme is not ("http" or "https"))
            {
                return new ProbeVerdict(true, $"httpGet on port {address.Port} answered {status}, to another host");
            }

            if (redirects == MaxRedirects)
            {
                return new ProbeVerdict(isHook, $"httpGet on port {target.Port} redirects more than {MaxRedirects} times");
            }

            // A written Host is meant for this server as long as the server speaks of itself without a name.
            host = location.IsAbsoluteUri ? null : host;
            address = next;
        }
    }

    private static async Task<(int Status, Uri? Location)> AskAsync(
        Uri address, string? host, HttpGetTarget target, ProbeCaller caller, CancellationToken cancellationToken)
    {
        // TLS is made below the client, which would take the name to send from the Host header; so it sees plain HTTP only.
        var isTls = address.Scheme == "https";
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = TimeSpan.Zero,
            MaxResponseDrainSize = 0,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            ConnectCallback = (context, cancellation) => ProbeConnection.OpenAsync(target, context.DnsEndPoint.Port, isTls, caller.ReachedAt, cancellation),
        };
        using var client = new HttpMessageInvoker(handler);
        using var request = Request(address, host, target, caller.UserAgent);
        using var response = await client.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            await ReadSomeAsync(response.Content, cancellationToken);
        }

        return ((int)response.StatusCode, response.Headers.Location);
    }

    private static HttpRequestMessage Request(Uri address, string? host, HttpGetTarget target, string? userAgent)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{address.Authority}{(address.IsDefaultPort ? $":{address.Port}" : "")}{address.PathAndQuery}", Raw))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = host ?? $"{address.Host}:{address.Port}";
        request.Headers.ConnectionClose = true;
        AddUnlessWritten(request, target, "User-Agent", userAgent ?? "kube-probe/1.0");
        AddUnlessWritten(request, target, "Accept", "*/*");

        // An empty value takes one of these two away, which is how the kubelet lets them be removed.
        foreach (var (name, value) in target.Headers)
        {
            if (value.Length == 0 && IsOneOf(name, "User-Agent", "Accept"))
            {
                continue;
            }

            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    private static void AddUnlessWritten(HttpRequestMessage request, HttpGetTarget target, string name, string value)
    {
        if (!target.Headers.Any(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private static bool IsOneOf(string name, params ReadOnlySpan<string> names)
    {
        foreach (var other in names)
        {
            if (name.Equals(other, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    // An answer that breaks off is no answer.
    private static async Task ReadSomeAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[2048];
        for (int read, sum = 0; sum < MaxBodyBytes && (read = await body.ReadAsync(buffer, cancellationToken)) > 0; sum += read)
        {
        }
    }
}
