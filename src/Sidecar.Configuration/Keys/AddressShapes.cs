using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Configuration.Keys;

/// <summary>Forms of names and addresses.</summary>
internal static class AddressShapes
{
    private const string Label = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
    private const string NamePattern = $"{Label}(\\.{Label})*";

    /// <summary>Host of a request: exact, or every name below one.</summary>
    public static readonly TextShape HostPattern = new(
        "a host such as orders.example.com or *.example.com, without port",
        text => text.StartsWith("*.", StringComparison.Ordinal) ? (IsHostName(text[2..]) ? text.ToLowerInvariant() : null) : HostNameOrNull(text),
        $"^(\\*\\.)?{NamePattern}\\.?$");

    /// <summary>A name to resolve.</summary>
    public static readonly TextShape HostName = new("a host name such as orders.example.com", HostNameOrNull, $"^{NamePattern}\\.?$");

    /// <summary>RFC 6066 §3: SNI has no trailing dot.</summary>
    public static readonly TextShape ServerName = new(
        "a host name without trailing dot", text => text.EndsWith('.') ? null : HostNameOrNull(text), $"^{NamePattern}$");

    /// <summary>SNI of a connection: exact, or every name below one. RFC 6066 §3: no trailing dot, and no address.</summary>
    public static readonly TextShape ServerNamePattern = new(
        "a server name such as orders.example.com or *.example.com, without port and trailing dot",
        text => !text.EndsWith('.') && !IPAddress.TryParse(text, out _) && IsHostName(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) ? text.ToLowerInvariant() : null,
        $"^(\\*\\.)?{NamePattern}$");

    /// <summary>Kubernetes service: two DNS labels (RFC 1123).</summary>
    public static readonly TextShape Service = new(
        "a service as name.namespace, in lower case",
        text => text.Split('.') is [var name, var ns] && IsKubernetesLabel(name) && IsKubernetesLabel(ns) ? text : null,
        "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");

    /// <summary>Address to listen on; port 0 lets the system choose.</summary>
    public static readonly ParsedShape<IPEndPoint> ListenAddress = new(
        "an IP address and port such as \"127.0.0.1:8080\" or \"[::]:8080\"",
        ParseListenAddress,
        address => address.ToString(),
        "^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$");

    /// <summary>Address to listen on that nothing but this machine, or pod, can reach.</summary>
    public static readonly ParsedShape<IPEndPoint> LoopbackListenAddress = new(
        "a loopback address and port such as \"127.0.0.1:15100\" or \"[::1]:15100\"",
        text => ParseListenAddress(text) is { } address && IPAddress.IsLoopback(address.Address) ? address : null,
        address => address.ToString(),
        "^(127[0-9.]+|\\[[0:]+:0*1\\]):[0-9]{1,5}$");

    /// <summary>Address of a destination.</summary>
    public static readonly ParsedShape<Uri> Destination = new(
        "an address such as http://10.0.0.7:8080 or https://api.example.com/prefix, without user, query and fragment",
        ParseDestination,
        address => address.OriginalString,
        "^https?://[^/?#@\\\\ ]+(/[^?#\\\\ ]*)?$");

    /// <summary>Target of a probe.</summary>
    public static readonly TextShape RequestPath = new(
        "a path such as /healthz", text => text.StartsWith('/') && IsVisible(text) && !text.Contains('#', StringComparison.Ordinal) ? text : null, "^/[^# ]*$");

    /// <summary>Path of a file.</summary>
    public static readonly TextShape FilePath = new(
        "the path of a file", text => text.Length > 0 && !text.Any(char.IsControl) ? text : null, "^[^\\u0000-\\u001f\\u007f]+$");

    private static string? HostNameOrNull(string text) => IsHostName(text) ? text.ToLowerInvariant() : null;

    /// <summary>Labels of letters, digits, '-' and '_' (container networks use it), 253 characters at most (RFC 1035 §2.3.4).</summary>
    private static bool IsHostName(string text)
    {
        var name = text.EndsWith('.') ? text[..^1] : text;
        return name.Length is > 0 and <= 253
            && name.Split('.').All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
                && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
    }

    private static bool IsKubernetesLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static bool IsVisible(string text) => text.All(c => c is > ' ' and <= '~');

    /// <summary>Only spellings that mean one thing: IPAddress.Parse would read <c>1</c>, <c>0177.0.0.1</c> and scope names too.</summary>
    private static IPEndPoint? ParseListenAddress(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0
            || text.Length - colon - 1 is 0 or > 5
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var host = text[..colon];
        if (host is ['[', .., ']'])
        {
            return !host.Contains('%', StringComparison.Ordinal)
                && IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6
                ? new IPEndPoint(v6, port)
                : null;
        }

        return IPAddress.TryParse(host, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && v4.ToString() == host
            ? new IPEndPoint(v4, port)
            : null;
    }

    private static Uri? ParseDestination(string text)
    {
        // Uri repairs backslashes, white space and much else; what it would repair is refused.
        var isHttp = text.StartsWith("http://", StringComparison.Ordinal) || text.StartsWith("https://", StringComparison.Ordinal);
        if (!isHttp || !IsVisible(text) || text.AsSpan().ContainsAny("\\?#@") || !Uri.TryCreate(text, UriKind.Absolute, out var address))
        {
            return null;
        }

        var host = address.HostNameType switch
        {
            UriHostNameType.IPv4 or UriHostNameType.IPv6 => true,
            _ => IsHostName(address.Host),
        };
        return host && address.Port > 0 ? address : null;
    }
}
