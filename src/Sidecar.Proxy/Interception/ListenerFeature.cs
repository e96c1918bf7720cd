using System.Net;
using Microsoft.AspNetCore.Http;

namespace Sidecar.Proxy.Interception;

/// <summary>The listeners of the process.</summary>
public enum ListenerKind
{
    /// <summary>Explicit reverse proxy.</summary>
    Reverse,

    /// <summary>Controls.</summary>
    Admin,

    /// <summary>Metrics and probes.</summary>
    Metrics,
}

/// <summary>
/// Which listener a connection came in by. Set on the connection, visible on every request of it. Interception will
/// add the original destination beside it.
/// </summary>
/// <param name="kind">The listener.</param>
public sealed class ListenerFeature(ListenerKind kind)
{
    /// <summary>The listener.</summary>
    public ListenerKind Kind { get; } = kind;

    private string? _peerAddress;

    /// <summary>The peer's address as it goes into <c>X-Forwarded-For</c>; formatted once per connection.</summary>
    public string? PeerAddress(ConnectionInfo connection) => _peerAddress ??= Format(connection.RemoteIpAddress);

    private static string? Format(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
