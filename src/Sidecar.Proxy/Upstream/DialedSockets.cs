using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// The local ends of the connections that the proxy itself has dialled. When such an end turns up as the peer of an
/// intercepted connection, the redirect rules do not exempt the proxy (it runs under the wrong user): without this every
/// request would come back to us for ever.
/// </summary>
public sealed class DialedSockets
{
    private readonly ConcurrentDictionary<IPEndPoint, bool> _ends = new();

    /// <summary>Is this peer ourselves?</summary>
    public bool Contains(IPEndPoint peer) => !_ends.IsEmpty && _ends.ContainsKey(Plain(peer));

    /// <summary>Remembers the local end of a socket that has begun to connect; null when it has none.</summary>
    internal IPEndPoint? Add(Socket socket)
    {
        if (socket.LocalEndPoint is not IPEndPoint local)
        {
            return null;
        }

        var end = Plain(local);
        _ends[end] = true;
        return end;
    }

    /// <summary>The connection is closed.</summary>
    internal void Remove(IPEndPoint? end)
    {
        if (end is not null)
        {
            _ends.TryRemove(end, out _);
        }
    }

    private static IPEndPoint Plain(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
