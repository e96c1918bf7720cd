using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// The caller's half of an intercepted HTTP/1 connection. The server above takes a caller that stops sending for gone, and most
/// callers that do so are. One that said before that this request is its last (<c>Connection: close</c>, HTTP/1.0) has only done
/// what it said, and still waits for the answer: its end is kept from the server until the answer is written.
/// </summary>
/// <param name="server">The server's connection.</param>
/// <param name="socket">The caller's side.</param>
internal sealed class CallerHalf(ConnectionContext server, Socket socket) : PatientReader(server.Transport), IDisposable
{
    private const int ProbeSeconds = 15, Probes = 3;

    // Bits of the state: an idle connection should cost little, so there is no lock.
    private const int HasEnded = 1, IsLast = 2, IsNotLast = 4;

    private readonly CancellationTokenSource _gone = new();
    private int _state;

    /// <summary>Puts itself between a connection and its server, before the server sees it.</summary>
    public static CallerHalf Attach(ConnectionContext server, Socket socket)
    {
        var half = new CallerHalf(server, socket);
        server.Transport = half;
        var ended = server.ConnectionClosed;
        server.ConnectionClosed = half._gone.Token;
        ended.UnsafeRegister(static state => ((CallerHalf)state!).Ended(), half);
        return half;
    }

    /// <summary>A request was read; whether its caller said that it is the last one decides what the end of its half means.</summary>
    public void RequestBegins(bool isLast)
    {
        var mine = isLast ? IsLast : IsNotLast;
        int before;
        do
        {
            before = Volatile.Read(ref _state);
        }
        while (Interlocked.CompareExchange(ref _state, (before & HasEnded) | mine, before) != before);

        if ((before & HasEnded) != 0 && !isLast)
        {
            Leave();
        }
    }

    /// <summary>The server is done with the connection.</summary>
    public void Dispose() => _gone.Dispose();

    private void Ended()
    {
        // Before the first request the server reads the end itself.
        if ((Interlocked.Or(ref _state, HasEnded) & IsNotLast) != 0 || !TcpState.IsHalfClosedByPeer(socket))
        {
            Leave();
            return;
        }

        // A caller that has left altogether looks the same, until it is asked: its kernel forgets such a connection after a
        // minute, and then answers a probe with a reset.
        Probe();
        server.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((CallerHalf)state).Check(), this);
    }

    private void Check()
    {
        if (!_gone.IsCancellationRequested && !TcpState.IsHalfClosedByPeer(socket))
        {
            Leave();
        }
    }

    private void Leave()
    {
        try
        {
            _gone.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The server was faster.
        }
    }

    private void Probe()
    {
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, ProbeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed meanwhile, which the server has seen too.
        }
    }
}
