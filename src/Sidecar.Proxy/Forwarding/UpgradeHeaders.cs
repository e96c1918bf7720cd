using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The wish of an intercepted HTTP/1.1 request to change to another protocol. Yarp passes WebSocket and SPDY on; an application
/// may speak anything. Not HTTP/2 and TLS: behind those the requests would pass without any policy.
/// </summary>
internal static class UpgradeHeaders
{
    /// <summary>Both fields of the wish, which ended here as fields of one hop.</summary>
    public static void Write(HttpRequest request, HttpRequestMessage message)
    {
        if (HttpProtocol.IsHttp11(request.Protocol) && message.Version == HttpVersion.Version11 && IsCarried(request.Headers.Upgrade.ToString()))
        {
            message.Headers.TryAddWithoutValidation(HeaderNames.Connection, HeaderNames.Upgrade);
            message.Headers.TryAddWithoutValidation(HeaderNames.Upgrade, (IEnumerable<string?>)request.Headers.Upgrade);
        }
    }

    /// <summary>May this wish be passed on, and does nobody else do so? Pure.</summary>
    public static bool IsCarried(string upgrade)
    {
        if (upgrade.Length == 0 || upgrade.Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        foreach (var range in upgrade.AsSpan().Split(','))
        {
            var name = upgrade.AsSpan(range).Trim();
            if (name.StartsWith("h2", StringComparison.OrdinalIgnoreCase) || name.StartsWith("HTTP/", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("TLS", StringComparison.OrdinalIgnoreCase) || name.StartsWith("SPDY/", StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }
}
