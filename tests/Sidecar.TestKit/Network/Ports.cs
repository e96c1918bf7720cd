using System.Net;
using System.Net.Sockets;

namespace Sidecar.TestKit.Network;

/// <summary>A port where connects are refused at once: bound, so that nobody else gets it, and never listened on.</summary>
public sealed class ClosedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Reserves a port.</summary>
    public ClosedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>The port.</summary>
    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>The port with its address.</summary>
    public IPEndPoint EndPoint => new(IPAddress.Loopback, Port);

    /// <summary>As a destination's address.</summary>
    public string Address => $"http://127.0.0.1:{Port}";

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}

/// <summary>
/// A port where a connect neither succeeds nor fails: the accept queue is full, so the kernel drops every further SYN.
/// </summary>
public sealed class BlackHole : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _fillers = [];

    /// <summary>Listens with the smallest queue and fills it.</summary>
    public BlackHole()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);

        // Linux queues backlog + 1 connections; the others stay in SYN-SENT and keep the queue full.
        for (var i = 0; i < 4; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            try
            {
                filler.Connect(_listener.LocalEndPoint!);
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
            }

            _fillers.Add(filler);
        }
    }

    /// <summary>As a destination's address.</summary>
    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}";

    /// <inheritdoc/>
    public void Dispose()
    {
        _fillers.ForEach(filler => filler.Dispose());
        _listener.Dispose();
    }
}
