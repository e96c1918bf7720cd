using System.Globalization;
using System.Net;
using Sidecar.Proxy.Validation;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// What the HTTP client below lets through and this product does not pass on: a response whose framing two parsers could
/// read differently, or that would crash the server half. Pure.
/// </summary>
public static class ResponseValidator
{
    /// <summary>A sentence on what is wrong, or null.</summary>
    public static string? Check(HttpStatusCode status, ResponseFields fields, bool isUpgradeAsked)
    {
        if (status == HttpStatusCode.SwitchingProtocols && !isUpgradeAsked)
        {
            return "The upstream switched protocols without being asked.";
        }

        var encodings = fields.Get("Transfer-Encoding");
        if (encodings.Count > 0 && (encodings.Count != 1 || !string.Equals(encodings[0], "chunked", StringComparison.OrdinalIgnoreCase)))
        {
            return "The upstream's Transfer-Encoding is something else than chunked.";
        }

        var lengths = fields.Get("Content-Length");
        if (encodings.Count > 0 && lengths.Count > 0)
        {
            return "The upstream sent both Content-Length and Transfer-Encoding.";
        }

        if (lengths.Count > 0 && (lengths.Count != 1 || !long.TryParse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            return "The upstream's Content-Length is not one number.";
        }

        return HasForbiddenValue(fields) ? "The upstream sent a control character in a header value." : null;
    }

    private static bool HasForbiddenValue(ResponseFields fields)
    {
        foreach (ref readonly var field in fields.All)
        {
            foreach (var value in field.Value)
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
