using System.Net.Sockets;

namespace Sidecar.Proxy.Sockets;

/// <summary>What a system call on a socket came to.</summary>
/// <param name="Count">Bytes; 0 for an end, and with an error.</param>
/// <param name="Error">What the kernel said.</param>
internal readonly record struct SocketResult(int Count, SocketError Error)
{
    /// <summary>The socket was closed while somebody waited for it.</summary>
    public static SocketResult Closed => new(0, SocketError.OperationAborted);

    /// <summary>Not an error.</summary>
    public bool IsSuccess => Error == SocketError.Success;
}
