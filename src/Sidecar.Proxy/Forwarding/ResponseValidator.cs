using System.Globalization;
using System.Net;
using System.Net.Http;
using Sidecar.Proxy.Validation;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// What the HTTP client below lets through and this product does not pass on: a response whose framing two parsers could
/// read differently, or that would crash the server half. Pure.
/// </summary>
public static class ResponseValidator
{
    /// <summary>A sentence on what is wrong, or null.</summary>
    public static string? Check(HttpResponseMessage response, bool isUpgradeAsked)
    {
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols && !isUpgradeAsked)
        {
            return "The upstream switched protocols without being asked.";
        }

        if (response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var encodings)
            && (encodings.Count != 1 || !string.Equals(encodings.ToString(), "chunked", StringComparison.OrdinalIgnoreCase)))
        {
            return "The upstream's Transfer-Encoding is something else than chunked.";
        }

        var content = response.Content.Headers.NonValidated;
        if (encodings.Count > 0 && content.Contains("Content-Length"))
        {
            return "The upstream sent both Content-Length and Transfer-Encoding.";
        }

        if (content.TryGetValues("Content-Length", out var length)
            && (length.Count != 1 || !long.TryParse(length.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            return "The upstream's Content-Length is not one number.";
        }

        return HasForbiddenValue(response.Headers.NonValidated) || HasForbiddenValue(content)
            ? "The upstream sent a control character in a header value."
            : null;
    }

    private static bool HasForbiddenValue(System.Net.Http.Headers.HttpHeadersNonValidated headers)
    {
        foreach (var (_, values) in headers)
        {
            foreach (var value in values)
            {
                if (value.AsSpan().ContainsAny(FieldValue.Forbidden))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
