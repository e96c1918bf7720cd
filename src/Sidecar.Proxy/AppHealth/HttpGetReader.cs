using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Sidecar.Proxy.AppHealth;

/// <summary>The <c>httpGet</c> of a probe to what goes over the wire.</summary>
internal static class HttpGetReader
{
    private const int MaxTargetLength = 8 * 1024;
    private const int MaxHeaderLength = 8 * 1024;
    private const int MaxHeaders = 64;
    private const int MaxHostLength = 253;

    // Framing is the client's own: the kubelet's leaves these out too, wherever they come from.
    private static readonly string[] Framing = ["Content-Length", "Transfer-Encoding", "Trailer"];

    /// <summary>Reads it; the port has been read.</summary>
    public static HttpGetTarget Read(ProbeObject target, int port)
    {
        var scheme = target.Text("scheme", maxLength: 8) ?? "HTTP";
        if (scheme is not ("HTTP" or "HTTPS"))
        {
            target.Refuse("scheme", "is neither HTTP nor HTTPS");
        }

        var host = default(string);
        var headers = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (var (name, value) in ReadHeaders(target))
        {
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase))
            {
                host ??= value.Length == 0 ? null : value;
            }
            else if (!Framing.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                headers.Add(new(name, value));
            }
        }

        return new HttpGetTarget(
            ReadHost(target), port, RequestTarget(target.Text("path", MaxTargetLength) ?? "/"), scheme == "HTTPS", host, headers.ToImmutable());
    }

    /// <summary>A host to dial in place of the pod's address; null when none is written.</summary>
    public static string? ReadHost(ProbeObject target)
    {
        var host = target.Text("host", MaxHostLength);
        if (string.IsNullOrEmpty(host))
        {
            return null;
        }

        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            target.Refuse("host", "is no host name and no address");
        }

        return host;
    }

    // As the kubelet makes a URL of a path: without fragment, from the root, with everything escaped that is no visible ASCII.
    private static string RequestTarget(string path)
    {
        var end = path.IndexOf('#', StringComparison.Ordinal);
        var text = end < 0 ? path : path[..end];
        var target = new StringBuilder(text.StartsWith('/') ? "" : "/");
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (b is > 0x20 and < 0x7f and not ((byte)'"' or (byte)'<' or (byte)'>' or (byte)'\\' or (byte)'^' or (byte)'`' or (byte)'{' or (byte)'|' or (byte)'}'))
            {
                target.Append((char)b);
            }
            else
            {
                target.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }
        }

        return target.ToString();
    }

    private static IEnumerable<(string Name, string Value)> ReadHeaders(ProbeObject target)
    {
        foreach (var header in target.List("httpHeaders", MaxHeaders))
        {
            header.AllowOnly(["name", "value"]);
            var name = header.Text("name", MaxHeaderLength) ?? "";
            var value = header.Text("value", MaxHeaderLength) ?? "";
            if (name.Length == 0 || !name.All(IsTokenCharacter))
            {
                header.Refuse("name", "is no name of a header field");
            }
            else if (!value.All(char.IsAscii))
            {
                header.Refuse("value", "is not ASCII");
            }
            else
            {
                yield return (name, value);
            }
        }
    }

    // RFC 9110 §5.6.2.
    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);
}
