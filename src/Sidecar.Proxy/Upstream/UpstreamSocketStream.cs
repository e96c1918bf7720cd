using System.Net.Sockets;

namespace Sidecar.Proxy.Upstream;

/// <summary>Where there is no event loop of ours: a socket's stream that gives its place in the <see cref="ConnectionLimit"/> back when it is closed, by whomever.</summary>
internal sealed class UpstreamSocketStream(UpstreamSocket socket, ConnectionLimit limit, string host, int port)
    : NetworkStream(socket.Socket, ownsSocket: true)
{
    private bool _hasLeft;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!Interlocked.Exchange(ref _hasLeft, true))
        {
            socket.Forget();
            limit.Leave(host, port);

            // The stream would shut the socket down first: a system call more, for an end that the peer sees as the same.
            socket.Socket.Dispose();
        }

        base.Dispose(disposing);
    }
}
