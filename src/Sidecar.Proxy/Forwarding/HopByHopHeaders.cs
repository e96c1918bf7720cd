using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Sidecar.Proxy.Forwarding;

/// <summary>Which fields end at each hop (RFC 9110 §7.6.1). Pure.</summary>
public static class HopByHopHeaders
{
    /// <summary>Fields that never pass: they describe this connection only.</summary>
    public static bool Contains(string name) => name.Length switch
    {
        2 => name.Equals(HeaderNames.TE, StringComparison.OrdinalIgnoreCase),
        7 => name.Equals(HeaderNames.Upgrade, StringComparison.OrdinalIgnoreCase)
            || name.Equals(HeaderNames.AltSvc, StringComparison.OrdinalIgnoreCase),
        10 => name.Equals(HeaderNames.Connection, StringComparison.OrdinalIgnoreCase)
            || name.Equals(HeaderNames.KeepAlive, StringComparison.OrdinalIgnoreCase),
        14 => name.Equals("HTTP2-Settings", StringComparison.OrdinalIgnoreCase),
        16 => name.Equals(HeaderNames.ProxyConnection, StringComparison.OrdinalIgnoreCase),
        17 => name.Equals(HeaderNames.TransferEncoding, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <summary>
    /// Is a field nominated by <c>Connection</c>? Fields that carry identity, framing or this product's own words cannot
    /// be nominated away ("hop-by-hop" abuse): those stay.
    /// </summary>
    public static bool IsNominated(StringValues connection, string name) => Names(connection, name) && !IsProtected(name);

    /// <summary>What <c>Connection</c> says, as far as it can nominate: nothing when it says what nearly all do.</summary>
    public static StringValues Nominating(StringValues connection) =>
        connection.Count == 1 && connection[0] is { } only
        && (only.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) || only.Equals("close", StringComparison.OrdinalIgnoreCase))
            ? default
            : connection;

    /// <summary>Has the caller said that no other request follows on its connection (RFC 9112 §9.3)? An upgrade is none.</summary>
    public static bool AnnounceTheLastRequest(HttpRequest request) =>
        request.Headers.Upgrade.Count == 0
        && (Names(request.Headers.Connection, "close") || (HttpProtocol.IsHttp10(request.Protocol) && !Names(request.Headers.Connection, "keep-alive")));

    private static bool Names(StringValues connection, string option)
    {
        foreach (var line in connection)
        {
            if (line is null)
            {
                continue;
            }

            foreach (var range in line.AsSpan().Split(','))
            {
                if (line.AsSpan(range).Trim().Equals(option, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsProtected(string name) =>
        name.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase)
        || name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase)
        || name.Equals(HeaderNames.Authorization, StringComparison.OrdinalIgnoreCase)
        || name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("x-forwarded-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("x-sidecar-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("x-request-id", StringComparison.OrdinalIgnoreCase)
        || name.Equals("traceparent", StringComparison.OrdinalIgnoreCase);
}
