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
/// <param name="time">Clock.</param>
internal sealed class BothSides(TimeProvider time)
{
    /// <summary>Where both did something, it was the client: HTTP keeps its policies.</summary>
    /// <param name="clientSpoke">Completes when the client's socket is readable, or failed.</param>
    /// <param name="upstream">The upstream's side.</param>
    /// <param name="detection">The detection time.</param>
    /// <param name="stopping">The process ends.</param>
    public async Task<FirstToSpeak> WatchAsync(Task clientSpoke, Socket upstream, TimeSpan detection, CancellationToken stopping)
    {
        var serverSpoke = upstream.ReceiveAsync(Memory<byte>.Empty, stopping).AsTask();
        await Task.WhenAny(clientSpoke, serverSpoke);
        var (said, isReset) = (ServerSaid.Nothing, false);
        try
        {
            if (serverSpoke.IsCompleted)
            {
                await serverSpoke;
                said = await LookAsync(clientSpoke, upstream, detection, stopping);
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

        if (said == ServerSaid.Nothing)
        {
            return FirstToSpeak.ServerEnded;
        }

        if (said == ServerSaid.Something)
        {
            return FirstToSpeak.Server;
        }

        // An HTTP/2 server need not wait for its client, and yet the connection is HTTP. Should the server go away meanwhile, the
        // client learns it from its own request.
        await clientSpoke.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return FirstToSpeak.Client;
    }

    private enum ServerSaid
    {
        Nothing,
        Something,
        Http2Settings,
    }

    // A frame may come in pieces. What could still become one is waited for, as long as for a fragment of a client.
    private async ValueTask<ServerSaid> LookAsync(Task clientSpoke, Socket upstream, TimeSpan detection, CancellationToken stopping)
    {
        var bytes = new byte[FirstBytes.Http2FrameHeader];
        var pauses = new FragmentPauses(detection, time);
        while (true)
        {
            var length = upstream.Receive(bytes, SocketFlags.Peek);
            if (length == 0)
            {
                return ServerSaid.Nothing;
            }

            if (FirstBytes.DetectHttp2Settings(bytes.AsSpan(0, length)) is { } areSettings)
            {
                return areSettings ? ServerSaid.Http2Settings : ServerSaid.Something;
            }

            if (clientSpoke.IsCompleted || pauses.Next() is not { } pause)
            {
                return ServerSaid.Something;
            }

            await Task.WhenAny(clientSpoke, Task.Delay(pause, time, stopping));
            stopping.ThrowIfCancellationRequested();
        }
    }
}
