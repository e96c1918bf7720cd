using System.Net;
using System.Net.Sockets;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// The connections that the proxy itself has dialled. When one of them turns up as an intercepted connection, the redirect
/// rules do not exempt the proxy (it runs under the wrong user): without this every request would come back to us for ever.
/// Both ends make the key: the kernel gives one local port to connections with different destinations.
/// </summary>
public sealed class DialedSockets
{
    // Held while a connection is begun and noted: on loopback the other end is accepted before connect(2) returns.
    private readonly Lock _lock = new();
    private readonly HashSet<(IPEndPoint Local, IPEndPoint Remote)> _open = [];
    private long _closed;

    /// <summary>Connections that ended.</summary>
    public long Closed => Interlocked.Read(ref _closed);

    /// <summary>Is the connection from this peer to this destination one of ours?</summary>
    public bool Contains(IPEndPoint peer, IPEndPoint destination)
    {
        lock (_lock)
        {
            return _open.Contains((Plain(peer), Plain(destination)));
        }
    }

    /// <summary>Begins to connect, and remembers the connection until <see cref="Forget"/>.</summary>
    /// <param name="socket">Not connected yet.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="begin">Begins.</param>
    /// <param name="connecting">What that returned.</param>
    /// <returns>What to forget; null when the kernel refused at once.</returns>
    internal (IPEndPoint Local, IPEndPoint Remote)? Connect<T>(Socket socket, IPEndPoint destination, Func<Socket, IPEndPoint, T> begin, out T connecting)
    {
        lock (_lock)
        {
            connecting = begin(socket, destination);
            if (SocketName.Of(socket) is not { Port: > 0 } local)
            {
                return null;
            }

            var connection = (Plain(local), Plain(destination));
            _open.Add(connection);
            return connection;
        }
    }

    /// <summary>The connection is about to be closed.</summary>
    internal void Forget((IPEndPoint Local, IPEndPoint Remote)? connection)
    {
        if (connection is { } known)
        {
            Interlocked.Increment(ref _closed);
            lock (_lock)
            {
                _open.Remove(known);
            }
        }
    }

    private static IPEndPoint Plain(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
