using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>A server inside a namespace, on every address of both families; its script has the bare connection.</summary>
internal sealed class WireServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Func<Socket, Task> _script;
    private readonly ConcurrentBag<Socket> _connections = [];
    private readonly Task _accepting;

    private WireServer(Socket listener, Func<Socket, Task> script)
    {
        _listener = listener;
        _script = script;
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Connections accepted so far.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>Starts; the script ends with the connection still open unless it closed it.</summary>
    public static WireServer Start(NetworkNamespace network, Func<Socket, Task> script, int port = 0) => new(network.Listen(port, backlog: 4096), script);

    /// <summary>Answers every HTTP/1 request with 200 and this body.</summary>
    public static WireServer StartHttp(NetworkNamespace network, string body, int port = 0) => Start(
        network,
        async socket =>
        {
            using var stream = new NetworkStream(socket, ownsSocket: false);
            var reader = new WireReader(stream);
            while (await reader.ReadThroughAsync("\r\n\r\n"u8.ToArray()) is not null)
            {
                await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            }
        },
        port);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                socket.NoDelay = true;
                _connections.Add(socket);
                _ = RunAsync(socket);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task RunAsync(Socket socket)
    {
        try
        {
            await _script(socket);
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // The client went away.
        }
    }
}
