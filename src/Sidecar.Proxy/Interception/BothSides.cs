using System.Net.Sockets;

namespace Sidecar.Proxy.Interception;

/// <summary>Who did something first on a connection whose client was silent.</summary>
internal enum FirstToSpeak
{
    /// <summary>The client spoke, or left.</summary>
    Client,

    /// <summary>The server spoke, and not as an HTTP/2 server does.</summary>
    Server,

    /// <summary>The server closed in an orderly way.</summary>
    ServerEnded,

    /// <summary>The server reset the connection.</summary>
    ServerReset,
}

/// <summary>Watches the client and the upstream of a silent connection (PRODUCT §4).</summary>
internal static class BothSides
{
    // The header of an HTTP/2 frame.
    private const int Enough = 9;

    /// <summary>Where both did something, it was the client: HTTP keeps its policies.</summary>
    /// <param name="clientSpoke">Completes when the client's socket is readable, or failed.</param>
    /// <param name="upstream">The upstream's side.</param>
    /// <param name="stopping">The process ends.</param>
    public static async Task<FirstToSpeak> WatchAsync(Task clientSpoke, Socket upstream, CancellationToken stopping)
    {
        var serverSpoke = upstream.ReceiveAsync(Memory<byte>.Empty, stopping).AsTask();
        await Task.WhenAny(clientSpoke, serverSpoke);
        var bytes = new byte[Enough];
        var length = 0;
        var isReset = false;
        try
        {
            if (serverSpoke.IsCompleted)
            {
                await serverSpoke;
                length = upstream.Receive(bytes, SocketFlags.Peek);
            }
        }
        catch (SocketException)
        {
            isReset = true;
        }

        if (clientSpoke.IsCompleted)
        {
            if (isReset)
            {
                // The kernel says so only once: closed, so that whoever carries it sees it too.
                upstream.Dispose();
            }

            return FirstToSpeak.Client;
        }

        if (isReset)
        {
            return FirstToSpeak.ServerReset;
        }

        if (length == 0)
        {
            return FirstToSpeak.ServerEnded;
        }

        if (!FirstBytes.AreHttp2Settings(bytes.AsSpan(0, length)))
        {
            return FirstToSpeak.Server;
        }

        // An HTTP/2 server need not wait for its client, and yet the connection is HTTP. Should the server go away meanwhile, the
        // client learns it from its own request.
        await clientSpoke.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return FirstToSpeak.Client;
    }
}
