using System.Net.Sockets;

namespace Sidecar.Proxy.Upstream;

/// <summary>Socket errors in words for logs: short, stable, the same on every operating system.</summary>
public static class SocketErrors
{
    /// <summary>For example <c>connection refused</c>.</summary>
    public static string Describe(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "connection reset",
        SocketError.ConnectionAborted => "connection aborted",
        SocketError.TimedOut => "timed out",
        SocketError.HostUnreachable => "host unreachable",
        SocketError.NetworkUnreachable => "network unreachable",
        SocketError.NetworkDown => "network down",
        SocketError.HostDown => "host down",
        SocketError.HostNotFound => "name not found",
        SocketError.TryAgain => "name resolution failed for now",
        SocketError.NoRecovery => "name resolution failed",
        SocketError.NoData => "the name has no address",
        SocketError.AddressNotAvailable => "address not available (out of local ports?)",
        SocketError.TooManyOpenSockets => "too many open sockets",
        SocketError.AccessDenied => "access denied",
        SocketError.Shutdown => "broken pipe",
        _ => $"socket error {(int)error}",
    };
}
