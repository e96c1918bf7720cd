using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Upstream;

/// <summary>The stream of a socket of an event loop that gives its place in the <see cref="ConnectionLimit"/> back when it is closed, by whomever.</summary>
internal sealed class UpstreamLoopStream(UpstreamSocket socket, LoopSocket loop, ConnectionLimit limit, string host, int port) : LoopStream(loop)
{
    private bool _hasLeft;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!Interlocked.Exchange(ref _hasLeft, true))
        {
            socket.Forget();
            limit.Leave(host, port);
        }

        base.Dispose(disposing);
    }
}
