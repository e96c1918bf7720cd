using System.Net;

namespace Sidecar.Proxy.Admin;

/// <summary>
/// Tells whether a <c>Host</c> names this machine. A page in a browser can make its own name resolve to 127.0.0.1
/// (DNS rebinding), but cannot send another <c>Host</c> than that name.
/// </summary>
public static class LoopbackAuthority
{
    /// <summary>
    /// <c>localhost</c>, an address of 127.0.0.0/8, or <c>[::1]</c>; with or without port. Nothing else: no other
    /// spelling of these addresses, no trailing dot, no user info.
    /// </summary>
    public static bool Matches(string? host)
    {
        if (string.IsNullOrEmpty(host))
        {
            return false;
        }

        var (name, port) = Split(host);
        return IsPort(port) && (name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IsLoopbackAddress(name));
    }

    private static (string Name, string? Port) Split(string host)
    {
        var colon = host.LastIndexOf(':');
        return colon < 0 || colon < host.LastIndexOf(']') ? (host, null) : (host[..colon], host[(colon + 1)..]);
    }

    private static bool IsPort(string? port) =>
        port is null || (port.Length is > 0 and <= 5 && port.All(char.IsAsciiDigit));

    private static bool IsLoopbackAddress(string name)
    {
        if (name.StartsWith('['))
        {
            return name is "[::1]";
        }

        // The dotted form only: "127.1" and "2130706433" parse too, and are nobody's honest Host.
        return IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address) && address.ToString() == name && !name.Contains(':');
    }
}
