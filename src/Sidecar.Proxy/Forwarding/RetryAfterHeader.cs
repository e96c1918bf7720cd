using System.Globalization;
using System.Net.Http.Headers;

namespace Sidecar.Proxy.Forwarding;

/// <summary><c>Retry-After</c> of an upstream (RFC 9110 §10.2.3): seconds or a date. Pure.</summary>
public static class RetryAfterHeader
{
    /// <summary>How long to wait from now; null when absent or malformed. A date in the past is zero.</summary>
    public static TimeSpan? Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (!headers.NonValidated.TryGetValues("Retry-After", out var values))
        {
            return null;
        }

        var text = values.ToString();
        if (text.Length <= 9 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return TimeSpan.FromSeconds(seconds);
        }

        if (!DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return null;
        }

        return date > now ? date - now : TimeSpan.Zero;
    }
}
